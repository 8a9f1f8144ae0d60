/**
 * The pod of an `InferenceService`: one container, its probes, its figures and its volumes. Pure functions.
 */
import { DRAIN_DELAY_MS, ENV, HTTP_PORT, PATHS, REQUEST_TIMEOUT_MS } from '../../service/contract';
import { k8s } from './cdk8s-plus';
import {
  CONTAINER_NAME,
  CONTAINER_SECURITY_CONTEXT,
  NODE_SELECTOR,
  POD_SECURITY_CONTEXT,
  POD_SECURITY_OF_CLUSTER,
  PROBES,
  SPREAD,
  TEMPORARY_FILES,
  TOLERATIONS,
} from './deployment-defaults';
import type { Amounts, InferenceServiceProps } from './inference-service-props';
import { withArchitectures } from './node-affinity';
import { canonicalCpu, canonicalMemory } from '../quantity';

/** Names of the container's ports. */
export const PORT_NAMES = { http: 'http', metrics: 'metrics' } as const;

/** Time for the process to exit after its last request, milliseconds. */
const EXIT_MS = 10_000;

const seconds = (ms: number) => Math.ceil(ms / 1000);

/**
 * The Secret's folder, not a single file of it: the kubelet renews only whole folders when the Secret changes. A pod whose
 * Secret lacks the key does not start, so that none serves without keys.
 */
const API_KEYS = { volume: 'api-keys', mountPath: '/etc/tandem', key: 'api-keys' } as const;
/** Readable by the pod's group. */
const SECRET_MODE = 0o440;

/** As texts, as the API server stores them: it stores no number, so a number would differ from it at every apply. */
const amounts = ({ cpu, memory }: Amounts) => ({
  cpu: k8s.Quantity.fromString(canonicalCpu(cpu)),
  memory: k8s.Quantity.fromString(canonicalMemory(memory)),
});

/** The same amount as request and limit, so that the pod is not evicted for what it asked for. */
const storageOf = ({ ephemeralStorage }: InferenceServiceProps) =>
  ephemeralStorage === undefined
    ? {}
    : { 'ephemeral-storage': k8s.Quantity.fromString(canonicalMemory(ephemeralStorage)) };

/** The container's ports: the service's, and the metrics' if they have their own. */
export const portsOf = ({
  metricsPort,
}: InferenceServiceProps): { name: string; containerPort: number }[] => [
  { name: PORT_NAMES.http, containerPort: HTTP_PORT },
  ...(metricsPort === undefined ? [] : [{ name: PORT_NAMES.metrics, containerPort: metricsPort }]),
];

function envOf({ model, metricsPort, apiKeySecret, env = {} }: InferenceServiceProps): k8s.EnvVar[] {
  return [
    { name: ENV.port, value: String(HTTP_PORT) },
    { name: ENV.models, value: model },
    {
      name: ENV.cpuLimitMillis,
      valueFrom: {
        resourceFieldRef: {
          containerName: CONTAINER_NAME,
          resource: 'limits.cpu',
          divisor: k8s.Quantity.fromString('1m'),
        },
      },
    },
    ...(metricsPort === undefined ? [] : [{ name: ENV.metricsPort, value: String(metricsPort) }]),
    ...(apiKeySecret === undefined
      ? []
      : [{ name: ENV.apiKeyFile, value: `${API_KEYS.mountPath}/${API_KEYS.key}` }]),
    ...Object.entries(env).map(([name, value]) => ({ name, value })),
  ];
}

/** The container's volumes and where it mounts them. */
function volumesOf({ apiKeySecret }: InferenceServiceProps): {
  volumes: k8s.Volume[];
  volumeMounts: k8s.VolumeMount[];
} {
  const { name, mountPath, size } = TEMPORARY_FILES;
  const secret = {
    name: API_KEYS.volume,
    secret: {
      secretName: apiKeySecret!,
      defaultMode: SECRET_MODE,
      items: [{ key: API_KEYS.key, path: API_KEYS.key }],
    },
  };
  return {
    volumes: [
      { name, emptyDir: { sizeLimit: k8s.Quantity.fromString(size) } },
      ...(apiKeySecret === undefined ? [] : [secret]),
    ],
    volumeMounts: [
      { name, mountPath },
      ...(apiKeySecret === undefined
        ? []
        : [{ name: API_KEYS.volume, mountPath: API_KEYS.mountPath, readOnly: true }]),
    ],
  };
}

/** The pod's spec. */
export function podSpec(
  props: InferenceServiceProps,
  serviceAccountName: string,
  matchLabels: Readonly<Record<string, string>>,
): k8s.PodSpec {
  const { image, imagePullSecret, resources, nodeSelector, affinity, priorityClassName } = props;
  const probe = (path: string, timing: (typeof PROBES)[keyof typeof PROBES]) => ({
    httpGet: { path, port: k8s.IntOrString.fromString(PORT_NAMES.http) },
    ...timing,
  });
  const { volumes, volumeMounts } = volumesOf(props);
  return {
    serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: seconds(DRAIN_DELAY_MS + REQUEST_TIMEOUT_MS + EXIT_MS),
    ...(imagePullSecret === undefined ? {} : { imagePullSecrets: [{ name: imagePullSecret }] }),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    nodeSelector: { ...NODE_SELECTOR, ...nodeSelector },
    affinity: withArchitectures(affinity, props.architectures),
    securityContext: props.userIds === 'cluster' ? POD_SECURITY_OF_CLUSTER : POD_SECURITY_CONTEXT,
    topologySpreadConstraints: [{ ...SPREAD, labelSelector: { matchLabels } }],
    tolerations: [...TOLERATIONS, ...(props.tolerations ?? [])],
    containers: [
      {
        name: CONTAINER_NAME,
        image,
        imagePullPolicy: 'IfNotPresent',
        ports: portsOf(props).map((port) => ({ ...port, protocol: 'TCP' })),
        env: envOf(props),
        resources: {
          requests: { ...amounts(resources.requests), ...storageOf(props) },
          limits: { ...amounts(resources.limits), ...storageOf(props) },
        },
        startupProbe: probe(PATHS.ready, PROBES.startup),
        readinessProbe: probe(PATHS.ready, PROBES.readiness),
        livenessProbe: probe(PATHS.live, PROBES.liveness),
        securityContext: CONTAINER_SECURITY_CONTEXT,
        volumeMounts,
      },
    ],
    volumes,
  };
}
