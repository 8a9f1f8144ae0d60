/**
 * The charts; cdk8s writes one file per chart.
 */
import { type App, Chart } from 'cdk8s';

import { resourcesOn } from './allocation';
import { k8s } from './construct/cdk8s-plus';
import { InferenceService } from './construct/inference-service';
import type { MetricsScrape } from './construct/inference-service-props';
import { OF_AUTOSCALER } from './construct/option-conflicts';
import { settingsOf } from './model-names';
import type { Settings } from './settings';
import type { Variant } from './variants';

/**
 * The namespace, in a file whose name sorts before the variants, so that it is applied first. It has none of the variants'
 * labels: `kubectl apply --prune` with one of them would delete the namespace and all that runs in it.
 */
export class NamespaceChart extends Chart {
  constructor(app: App, { namespace }: Settings) {
    super(app, '00-namespace', { disableResourceNameHashes: true });
    new k8s.KubeNamespace(this, 'namespace', {
      metadata: {
        name: namespace,
        labels: {
          'pod-security.kubernetes.io/enforce': 'restricted',
          'pod-security.kubernetes.io/audit': 'restricted',
          'pod-security.kubernetes.io/warn': 'restricted',
        },
      },
    });
  }
}

/**
 * Prometheus finds the pods by annotations, unless their metrics have the port of the service and that asks for an API key,
 * which Prometheus has not, or admits callers only, of which it may be none.
 */
function scrapeOf({ metricsScrape, metricsPort, apiKeySecret, callers }: Settings): MetricsScrape {
  const isClosed = metricsPort === undefined && (apiKeySecret !== undefined || callers !== undefined);
  return metricsScrape ?? (isClosed ? 'none' : 'annotations');
}

/** The settings hold for all variants, and fixed replicas follow no target. */
const withoutAutoscaler = <T extends object>(settings: T) =>
  Object.fromEntries(
    Object.entries(settings).filter(([name]) => !OF_AUTOSCALER.some((each) => each === name)),
  ) as Omit<T, (typeof OF_AUTOSCALER)[number]>;

/** Settings for clients outside the cluster. */
const OUTSIDE: readonly string[] = [
  'domain',
  'gateway',
  'ingressClass',
  'ingressAnnotations',
  'serviceAnnotations',
  'tlsSecret',
] satisfies (keyof Settings)[];

/** Settings by which the Service of a variant is reached from within the cluster only. */
export function internal(settings: Settings): Settings {
  const inside = Object.entries(settings).filter(([name]) => !OUTSIDE.includes(name));
  return { ...(Object.fromEntries(inside) as unknown as Settings), serviceType: 'ClusterIP' };
}

/** One variant; applying or deleting its file touches no other variant. */
export class InferenceChart extends Chart {
  constructor(app: App, variant: Variant, settings: Settings) {
    super(app, variant.name, { disableResourceNameHashes: true });
    const { scaling, env, source } = variant;
    const { basis, autoscaler } = settings;
    const own = settingsOf(settings, variant);
    new InferenceService(this, 'inference', {
      ...(scaling.kind === 'fixed' ? withoutAutoscaler(own) : own),
      resources: resourcesOn(basis, variant),
      ...(env && { env: { ...settings.env, ...env } }),
      metricsScrape: scrapeOf(settings),
      scaling: scaling.kind === 'fixed' ? scaling : { ...scaling, kind: autoscaler },
      figures: { basis, source },
    });
  }
}
