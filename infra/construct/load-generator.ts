/**
 * A load generator beside an `InferenceService`: an indexed Job whose pods each send their part of one schedule to the
 * Service, and what it needs. All of it runs under the Pod Security Standard "restricted".
 */
import { Chart } from 'cdk8s';
import { Construct } from 'constructs';

import { HTTP_PORT, SERVICE_NAME } from '../../service/contract';
import { k8s } from './cdk8s-plus';
import {
  CONTAINER_SECURITY_CONTEXT,
  NODE_SELECTOR,
  POD_SECURITY_CONTEXT,
  POD_SECURITY_OF_CLUSTER,
  TEMPORARY_FILES,
} from './deployment-defaults';
import { selectorOf } from './inference-service';
import { type InferenceServiceProps, USER_IDS } from './inference-service-props';
import { checkFiles, checkService, MAX_LOAD_PODS, MAX_LOAD_SECONDS } from './load-limits';
import { withArchitectures } from './node-affinity';
import { checkArchitectures, checkNodeSelector, checkTolerations } from './option-checks';
import { checkOneOf } from './props-validation';
import { checkText, shown, type TextField } from './text-forms';

/** Folder of the images within the pods. */
export const IMAGES_PATH = '/images';
/** Kubernetes removes a finished Job and its logs after this time, in case an aborted run left them behind. */
const KEEP_SECONDS = 600;
/** Time for scheduling, image pull, start-up and the last answers. */
const START_SECONDS = 300;

/** Time from its start after which Kubernetes stops the Job, seconds. */
export const jobDeadlineSeconds = (durationSeconds: number): number => durationSeconds + START_SECONDS;

/**
 * The generator uses one core at most and is invalid above 70 % of it. The request equals the limit, so that the kernel
 * never makes it share the core.
 */
const RESOURCES = { cpu: '1', memory: '512Mi' } as const;

/** Where and as whom the pods may run: as in the props of the `InferenceService`, so that they run where its image does. */
type Placement = Pick<InferenceServiceProps, 'nodeSelector' | 'architectures' | 'tolerations' | 'userIds'>;

export interface LoadGeneratorProps extends Placement {
  /** Name of the `InferenceService` in the same namespace. */
  readonly service: string;
  /** As in the props of the `InferenceService`: the generator reaches only pods with its labels. @default 'tandem' */
  readonly appName?: string;
  /** @default the chart's, or none: then kubectl decides */
  readonly namespace?: string;
  /** Container image that contains `build/cli/bench/main.js`. */
  readonly image: string;
  /** Name of a Secret with the registry's credentials. @default none */
  readonly imagePullSecret?: string;
  /** Arguments of `tandem bench load` without `--shard`; images lie in {@link IMAGES_PATH}. */
  readonly args: readonly string[];
  /**
   * Images by file name, and the trace of the load if it has one; `checkFiles` in load-limits.ts bounds them. Not Node's own
   * type, so that importers need no Node types.
   */
  readonly images: Readonly<Record<string, Uint8Array>>;
  /** Pods, each of which sends its part of the schedule: 1 to 50. */
  readonly pods: number;
  /** Length of the schedule; Kubernetes stops a Job that is not finished 300 s after it. */
  readonly durationSeconds: number;
}

/** Name of the Job of a service. */
export const loadJobName = (service: string): string => `${service}-load`;

/** Labels that select the pods of a service's load generator, and no others. */
export const loadSelectorOf = (service: string): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/name': `${SERVICE_NAME}-load`,
  'app.kubernetes.io/instance': loadJobName(service),
});

/** The texts of the props; those that must be there come first. */
const TEXTS = ['image', 'appName', 'namespace', 'imagePullSecret'] as const satisfies TextField[];

/** Refuses props that cannot run; each error names field, value and remedy. */
function check(props: LoadGeneratorProps): void {
  const { pods, durationSeconds, service } = props;
  const whole = (name: string, value: number, max: number) => {
    if (Number.isInteger(value) && value >= 1 && value <= max) return;
    throw new Error(`${name} must be a whole number from 1 to ${max}, received ${value}`);
  };
  whole('pods', pods, MAX_LOAD_PODS);
  whole('durationSeconds', durationSeconds, MAX_LOAD_SECONDS);
  checkText('service', 'name', service);
  for (const field of TEXTS) {
    if (field === 'image' || props[field] !== undefined) checkText(field, field, props[field]);
  }
  // The compiler sees to it in TypeScript; JavaScript has no other check.
  const { args, images } = props as { readonly args: unknown; readonly images: unknown };
  if (!Array.isArray(args)) {
    throw new Error(`args must be a list, those of tandem bench load, received ${shown(args)}`);
  }
  if (typeof images !== 'object' || images === null) {
    throw new Error(`images must be an object of bytes by file name, received ${shown(images)}`);
  }
  const [other] = Object.entries(images).filter(([, bytes]) => !ArrayBuffer.isView(bytes));
  if (other !== undefined) {
    throw new Error(
      `images must hold bytes, such as those of readFileSync, received ${shown(other[1])} for ${other[0]}`,
    );
  }
  checkFiles('images', props.images);
  checkNodeSelector('nodeSelector', props.nodeSelector ?? {});
  checkTolerations('tolerations', props.tolerations ?? []);
  if (props.architectures !== undefined) checkArchitectures('architectures', props.architectures);
  checkOneOf('userIds', USER_IDS, props.userIds);
  checkService(service, loadJobName(service), pods);
}

/**
 * Sends load to one service.
 *
 * @throws Error naming field, value and remedy for props that cannot run
 */
export class LoadGenerator extends Construct {
  constructor(scope: Construct, id: string, props: LoadGeneratorProps) {
    super(scope, id);
    check(props);
    const { service, appName, namespace = Chart.of(this).namespace, images, pods, durationSeconds } = props;
    const name = loadJobName(service);
    const matchLabels = loadSelectorOf(service);
    const labels = {
      ...matchLabels,
      'app.kubernetes.io/component': 'load-generator',
      'app.kubernetes.io/part-of': SERVICE_NAME,
      'app.kubernetes.io/managed-by': 'cdk8s',
    };
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }), labels };

    new k8s.KubeConfigMap(this, 'images', {
      metadata,
      immutable: true,
      binaryData: Object.fromEntries(
        Object.entries(images).map(([file, bytes]) => [file, Buffer.from(bytes).toString('base64')]),
      ),
    });
    new k8s.KubeNetworkPolicy(this, 'network-policy', {
      metadata,
      spec: {
        podSelector: { matchLabels },
        // No ingress rule allows none. No DNS either: the generator gets the Service's address.
        policyTypes: ['Ingress', 'Egress'],
        egress: [
          {
            to: [{ podSelector: { matchLabels: selectorOf(service, appName) } }],
            ports: [{ port: k8s.IntOrString.fromNumber(HTTP_PORT), protocol: 'TCP' }],
          },
        ],
      },
    });
    new k8s.KubeJob(this, 'job', {
      metadata,
      spec: {
        completionMode: 'Indexed',
        completions: pods,
        parallelism: pods,
        // A retry would be a different run.
        backoffLimit: 0,
        activeDeadlineSeconds: jobDeadlineSeconds(durationSeconds),
        ttlSecondsAfterFinished: KEEP_SECONDS,
        template: { metadata: { labels }, spec: podSpec(props, name) },
      },
    });
  }
}

function podSpec(props: LoadGeneratorProps, name: string): k8s.PodSpec {
  const { image, imagePullSecret, nodeSelector, architectures, tolerations, userIds, args, pods } = props;
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 5,
    ...(imagePullSecret === undefined ? {} : { imagePullSecrets: [{ name: imagePullSecret }] }),
    nodeSelector: { ...NODE_SELECTOR, ...nodeSelector },
    affinity: withArchitectures({}, architectures),
    ...(tolerations === undefined ? {} : { tolerations: [...tolerations] }),
    securityContext: userIds === 'cluster' ? POD_SECURITY_OF_CLUSTER : POD_SECURITY_CONTEXT,
    containers: [
      {
        name: 'load',
        image,
        imagePullPolicy: 'IfNotPresent',
        // Shards count from 1 and Kubernetes' completion index from 0; only a shell can add.
        command: ['sh', '-c'],
        args: [
          `exec node build/cli/bench/main.js bench load "$@" --shard "$((JOB_COMPLETION_INDEX + 1))/${pods}"`,
          'load',
          ...args,
        ],
        resources: {
          requests: quantities(RESOURCES),
          limits: quantities(RESOURCES),
        },
        securityContext: CONTAINER_SECURITY_CONTEXT,
        volumeMounts: [
          { name: 'images', mountPath: IMAGES_PATH, readOnly: true },
          { name: TEMPORARY_FILES.name, mountPath: TEMPORARY_FILES.mountPath },
        ],
      },
    ],
    volumes: [
      { name: 'images', configMap: { name } },
      { name: TEMPORARY_FILES.name, emptyDir: { sizeLimit: k8s.Quantity.fromString(TEMPORARY_FILES.size) } },
    ],
  };
}

const quantities = ({ cpu, memory }: { readonly cpu: string; readonly memory: string }) => ({
  cpu: k8s.Quantity.fromString(cpu),
  memory: k8s.Quantity.fromString(memory),
});
