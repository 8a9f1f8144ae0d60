/**
 * Refuses options that are valid alone, but contradict each other or do nothing together. Pure functions.
 */
import { ENV, HTTP_PORT } from '../../service/contract';
import { IMAGE_ARCHITECTURES } from './deployment-defaults';
import type { Exposure } from './exposure';
import { AUTOSCALERS, type InferenceServiceProps, type Scaling } from './inference-service-props';
import { ARCHITECTURE_LABEL } from './node-affinity';
import { checkQueueWaitTarget } from './option-checks';

type Options = Exposure &
  Pick<
    InferenceServiceProps,
    | 'env'
    | 'nodeSelector'
    | 'architectures'
    | 'hpaMeasures'
    | 'hpaTolerancePercent'
    | 'queueWaitTargetMs'
    | 'prometheusUrl'
    | 'callers'
    | 'metricsCallers'
    | 'metricsPort'
    | 'metricsScrape'
    | 'podMonitorLabels'
    | 'apiKeySecret'
  >;
type LabelOf = (name: keyof Options) => string;

/** Refuses a node selector that no node can meet, since the pods run on other architectures. */
function checkSelectedArchitecture(
  labelOf: LabelOf,
  { nodeSelector = {}, architectures = IMAGE_ARCHITECTURES }: Options,
): void {
  const selected = nodeSelector[ARCHITECTURE_LABEL];
  if (selected === undefined || architectures.some((each) => each === selected)) return;
  throw new Error(
    `${labelOf('nodeSelector')}: ${ARCHITECTURE_LABEL} must be one of ${architectures.join(', ')}, for which the container image is ` +
      `built, received ${selected}: set ${labelOf('architectures')} if yours is built for it`,
  );
}

/** Refuses a port of gRPC that the service uses for something else: it would not start. */
function checkGrpcPort(labelOf: LabelOf, { env = {}, metricsPort }: Options): void {
  const text = env[ENV.grpcPort];
  const taken = [
    [HTTP_PORT, `${HTTP_PORT}, where the service listens`],
    [metricsPort, labelOf('metricsPort')],
  ] as const;
  const found = taken.find(([port]) => port === Number(text));
  if (found === undefined) return;
  throw new Error(
    `${labelOf('env')}: ${ENV.grpcPort} must differ from ${found[1]}, received ${text!}: choose another port`,
  );
}

/** What only an autoscaler reads. */
export const OF_AUTOSCALER = [
  'hpaMeasures',
  'hpaTolerancePercent',
  'queueWaitTargetMs',
  'prometheusUrl',
] as const;

/** Refuses what only an autoscaler reads. */
function refuseFixed(labelOf: LabelOf, options: Options): void {
  const set = OF_AUTOSCALER.find((name) => options[name] !== undefined);
  if (set === undefined) return;
  const [label, value] = [labelOf(set), options[set]];
  throw new Error(
    `${label} needs scaling.kind to be one of ${AUTOSCALERS.join(', ')}, since fixed replicas follow no target: ` +
      `change it or leave ${label} out, received ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
}

/** Refuses a target of the wait in the queue that the autoscaler could not read, and a Prometheus that it would not ask. */
function checkQueueWait(
  labelOf: LabelOf,
  kind: Scaling['kind'],
  { queueWaitTargetMs, prometheusUrl, callers, apiKeySecret, metricsPort, metricsScrape = 'none' }: Options,
): void {
  if (queueWaitTargetMs !== undefined) checkQueueWaitTarget(labelOf('queueWaitTargetMs'), queueWaitTargetMs);
  if (kind === 'fixed') return;
  if (kind === 'keda' && queueWaitTargetMs !== undefined && prometheusUrl === undefined)
    throw new Error(
      `${labelOf('queueWaitTargetMs')} needs ${labelOf('prometheusUrl')}, where KEDA reads the wait: set it too`,
    );
  // Who sets how Prometheus finds the metrics at the callers' port says that Prometheus is a caller.
  const isUnread = callers !== undefined && metricsPort === undefined && metricsScrape === 'none';
  if (queueWaitTargetMs !== undefined && isUnread)
    throw new Error(
      `${labelOf('queueWaitTargetMs')} needs ${labelOf('metricsPort')} if ${labelOf('callers')} is set, since Prometheus ` +
        'reads the wait, and only callers reach the port of the service: set it too, or ' +
        `${labelOf('metricsScrape')} if Prometheus is one of them`,
    );
  if (queueWaitTargetMs !== undefined && apiKeySecret !== undefined && metricsPort === undefined)
    throw new Error(
      `${labelOf('queueWaitTargetMs')} needs ${labelOf('metricsPort')} if ${labelOf('apiKeySecret')} is set, since ` +
        `Prometheus reads the wait and has no key for the port of the service: set it too, received ${queueWaitTargetMs}`,
    );
  if (kind === 'hpa' && prometheusUrl !== undefined)
    throw new Error(
      `${labelOf('prometheusUrl')} is for KEDA, and a HorizontalPodAutoscaler reads its metrics from an adapter: leave it out, received ${prometheusUrl}`,
    );
  if (queueWaitTargetMs === undefined && prometheusUrl !== undefined)
    throw new Error(
      `${labelOf('prometheusUrl')} needs ${labelOf('queueWaitTargetMs')}, the target of the wait: set it too`,
    );
}

/** Refuses lists of callers that would let everyone in, or that belong to a port that is not there. */
function checkCallers(labelOf: LabelOf, { metricsPort, ...options }: Options): void {
  for (const name of ['callers', 'metricsCallers'] as const) {
    const peers = options[name];
    if (peers !== undefined && (peers.length === 0 || peers.some((peer) => Object.keys(peer).length === 0)))
      throw new Error(
        `${labelOf(name)} must be a list of at least one peer, each with a selector or an IP block, since Kubernetes reads an empty one as ` +
          `everyone: leave it out to let everyone in, received ${JSON.stringify(peers)}`,
      );
  }
  if (options.metricsCallers !== undefined && metricsPort === undefined)
    throw new Error(
      `${labelOf('metricsCallers')} needs ${labelOf('metricsPort')}, since without it the metrics have the port of the service: set it too, or leave ` +
        `${labelOf('metricsCallers')} out, received ${JSON.stringify(options.metricsCallers)}`,
    );
}

/** Refuses options of an Ingress or an HTTPRoute that would do nothing. */
function checkExposure(labelOf: LabelOf, exposure: Exposure): void {
  const { domain, gateway, ingressClass, ingressAnnotations, tlsSecret } = exposure;
  const ofIngress = Object.entries({ ingressClass, ingressAnnotations, tlsSecret }) as [
    keyof Exposure,
    unknown,
  ][];
  const set = ofIngress.filter(([, value]) => value !== undefined).map(([name]) => name);
  const [needless] = gateway === undefined ? set : (['gateway', ...set] as const);
  if (domain === undefined && needless !== undefined)
    throw new Error(`${labelOf(needless)} needs ${labelOf('domain')}, the domain of the host: set it too`);
  if (gateway !== undefined && set[0] !== undefined)
    throw new Error(
      `${labelOf(set[0])} is for an Ingress, which ${labelOf('gateway')} replaces: leave one of them out`,
    );
}

/** Refuses metrics that Prometheus could not read, and labels of an object that is not there. */
function checkScrape(
  labelOf: LabelOf,
  { metricsScrape = 'none', metricsPort, apiKeySecret, podMonitorLabels }: Options,
): void {
  if (podMonitorLabels !== undefined && metricsScrape !== 'pod-monitor')
    throw new Error(
      `${labelOf('podMonitorLabels')} needs ${labelOf('metricsScrape')} to be pod-monitor, the object that has them: ` +
        'set it too',
    );
  if (metricsScrape === 'none' || apiKeySecret === undefined || metricsPort !== undefined) return;
  throw new Error(
    `${labelOf('metricsScrape')} needs ${labelOf('metricsPort')} if ${labelOf('apiKeySecret')} is set, since Prometheus has ` +
      `no key for the port of the service: set it too, received ${metricsScrape}`,
  );
}

/**
 * Refuses options that cannot be set together, or not alone.
 *
 * @param labelOf what the error calls an option, such as the variable that it comes from
 */
export function checkTogether(labelOf: LabelOf, kind: Scaling['kind'], options: Options): void {
  checkSelectedArchitecture(labelOf, options);
  checkGrpcPort(labelOf, options);
  if (kind === 'fixed') refuseFixed(labelOf, options);
  checkQueueWait(labelOf, kind, options);
  checkCallers(labelOf, options);
  checkExposure(labelOf, options);
  checkScrape(labelOf, options);
}
