/** The manifests of a run: a namespace of its own with one variant in it, and the load generator's Job. */
import { App, Chart, Yaml } from 'cdk8s';

import { InferenceChart, internal, NamespaceChart } from '../../infra/inference-chart';
import { LoadGenerator, type LoadGeneratorProps } from '../../infra/construct/load-generator';
import type { Settings } from '../../infra/settings';
import type { Variant } from '../../infra/variants';

const yamlOf = (chart: Chart): string =>
  (chart.toJson() as object[]).map((manifest) => Yaml.stringify(manifest)).join('---\n');

/** The namespace, in which every pod must meet the Pod Security Standard "restricted". */
export const namespaceManifest = (settings: Settings): string =>
  yamlOf(new NamespaceChart(new App(), settings));

/**
 * The variant's objects, as `synth` writes them, but reached from within the cluster only: a domain or a load balancer of the
 * settings belongs to the deployment that others use. Who may call it besides, the load generator beside it may.
 */
export function variantManifests(variant: Variant, settings: Settings): string {
  const { callers } = settings;
  const admitting = callers === undefined ? {} : { callers: [...callers, { podSelector: {} }] };
  return yamlOf(new InferenceChart(new App(), variant, { ...internal(settings), ...admitting }));
}

/**
 * The load generator's objects: its pods run the image of the variant's, on the nodes on which those may run.
 *
 * @throws Error naming field, value and remedy for a load that cannot run
 */
export function loadManifests(
  { name }: Pick<Variant, 'name'>,
  { namespace, image, nodeSelector, architectures, tolerations, userIds }: Settings,
  load: Pick<LoadGeneratorProps, 'args' | 'images' | 'pods' | 'durationSeconds'>,
): string {
  const chart = new Chart(new App(), 'load', { namespace, disableResourceNameHashes: true });
  new LoadGenerator(chart, 'load', {
    service: name,
    image,
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(architectures === undefined ? {} : { architectures }),
    ...(tolerations === undefined ? {} : { tolerations }),
    ...(userIds === undefined ? {} : { userIds }),
    ...load,
  });
  return yamlOf(chart);
}
