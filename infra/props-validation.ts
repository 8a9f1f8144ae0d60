/**
 * Refuses, at synth time, what Kubernetes would refuse or would accept and never run.
 */
import type { InferenceServiceProps } from './inference-service-props';
import { parseCpuMillis, parseMemoryBytes } from './quantity';
import { SERVICE_TYPES } from './settings';
import type { Resources, Scaling } from './variants';

/** Name of a Service (DNS-1035 label): the strictest rule among the objects that share the name. */
const NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SECRET = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;

const HOST_LABEL = '[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?';
const HOST = String.raw`(?:${HOST_LABEL}(?:\.${HOST_LABEL})*|\[[a-fA-F0-9:]+\])(?::\d+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const TAG = String.raw`\w[-\w.]{0,127}`;
const OTHER_ALGORITHM = '(?!sha(?:256|384|512):)[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*';
const DIGEST =
  'sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|' + `${OTHER_ALGORITHM}:[0-9a-fA-F]{32,}`;

/**
 * The grammar of container image names.
 *
 * @see https://pkg.go.dev/github.com/distribution/reference
 */
const IMAGE = new RegExp(`^(?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*(?::${TAG})?(?:@(?:${DIGEST}))?$`);

/** The form of each text, as a pattern and in words. */
const TEXTS = [
  ['name', NAME, 'at most 63 of a-z, 0-9 and -, starting with a letter and not ending with -'],
  ['namespace', NAMESPACE, 'at most 63 of a-z, 0-9 and -, not starting or ending with -'],
  [
    'model',
    LABEL_VALUE,
    'at most 63 of A-Z, a-z, 0-9, -, _ and ., starting and ending with a letter or digit',
  ],
  [
    'image',
    IMAGE,
    '[host[:port]/]name[:tag][@digest] with the name in lower case, such as registry.example/tandem:1 or ' +
      'registry.example/tandem@sha256: and 64 hex digits',
  ],
  [
    'imagePullSecret',
    SECRET,
    'at most 253 of a-z, 0-9, - and ., each part starting and ending with a letter or digit',
  ],
] as const;

function checkTexts(props: InferenceServiceProps): void {
  for (const [field, pattern, form] of TEXTS) {
    const text = props[field];
    if (text !== undefined && !pattern.test(text)) {
      throw new Error(`${field} must be ${form}, received ${text}`);
    }
  }
}

/** Largest value of the API's integer fields. */
const MAX_INT32 = 2 ** 31 - 1;

function checkCount(field: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > MAX_INT32) {
    throw new Error(`${field} must be a whole number from 1 to ${MAX_INT32}, received ${value}`);
  }
}

function checkScaling(name: string, scaling: Scaling): void {
  if (scaling.kind === 'fixed') {
    checkCount(`${name}: replicas`, scaling.replicas);
    return;
  }
  const { minReplicas, maxReplicas, targetCpuPercent } = scaling;
  checkCount(`${name}: minReplicas`, minReplicas);
  checkCount(`${name}: maxReplicas`, maxReplicas);
  checkCount(`${name}: targetCpuPercent`, targetCpuPercent);
  if (maxReplicas < minReplicas) {
    throw new Error(
      `${name}: maxReplicas must be at least minReplicas, received ${maxReplicas} and ${minReplicas}`,
    );
  }
}

function checkResources(name: string, { requests, limits }: Resources): void {
  const amounts = [
    ['cpu', parseCpuMillis],
    ['memory', parseMemoryBytes],
  ] as const;
  for (const [resource, parse] of amounts) {
    const read = (kind: keyof Resources, text: string) => {
      try {
        return parse(text);
      } catch (error) {
        throw new Error(`${name}: ${kind}.${resource}: ${(error as Error).message}`, { cause: error });
      }
    };
    if (read('requests', requests[resource]) > read('limits', limits[resource])) {
      throw new Error(
        `${name}: requests.${resource} must be at most limits.${resource}, ` +
          `received ${requests[resource]} and ${limits[resource]}`,
      );
    }
  }
}

/**
 * How far above its target CPU utilization may be before the autoscaler adds a pod, percent of the target.
 *
 * @see https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/,
 *   --horizontal-pod-autoscaler-tolerance
 */
const HPA_TOLERANCE_PERCENT = 10;

function checkTarget(name: string, { requests, limits }: Resources, targetCpuPercent: number): void {
  const requestMillis = parseCpuMillis(requests.cpu);
  if (requestMillis === 0) {
    throw new Error(
      `${name}: requests.cpu must be above 0, since targetCpuPercent is a share of it, received ${requests.cpu}`,
    );
  }
  const usablePercent = (100 * parseCpuMillis(limits.cpu)) / requestMillis;
  const toleratedPercent = ((100 + HPA_TOLERANCE_PERCENT) * targetCpuPercent) / 100;
  if (usablePercent <= toleratedPercent) {
    throw new Error(
      `${name}: limits.cpu must be above ${toleratedPercent} % of requests.cpu, or no pod is ever added at ` +
        `targetCpuPercent ${targetCpuPercent}: raise limits.cpu or lower targetCpuPercent, ` +
        `received ${limits.cpu} and ${requests.cpu}`,
    );
  }
}

/**
 * Bound on the figures' texts together. Kubernetes allows 256 KiB of annotations per object, and `kubectl apply` adds a
 * second copy of them.
 */
const MAX_FIGURES_BYTES = 100 * 1024;

function checkFigures(figures: NonNullable<InferenceServiceProps['figures']>): void {
  const bytes = Buffer.byteLength(figures.basis) + Buffer.byteLength(figures.source);
  if (bytes > MAX_FIGURES_BYTES) {
    throw new Error(
      `figures.basis and figures.source must take at most ${MAX_FIGURES_BYTES} bytes together, since they become ` +
        `annotations: shorten them, received ${bytes} bytes`,
    );
  }
}

/**
 * Checks figures, names, image and type of a service.
 *
 * @throws Error naming the field, the value and what it must be
 */
export function checkProps(props: InferenceServiceProps & { readonly name: string }): void {
  const { name, scaling, resources, serviceType, figures } = props;
  checkTexts(props);
  checkScaling(name, scaling);
  checkResources(name, resources);
  if (scaling.kind === 'hpa') checkTarget(name, resources, scaling.targetCpuPercent);
  if (serviceType !== undefined && !SERVICE_TYPES.includes(serviceType)) {
    throw new Error(`serviceType must be one of ${SERVICE_TYPES.join(', ')}, received ${serviceType}`);
  }
  if (figures !== undefined) checkFigures(figures);
}
