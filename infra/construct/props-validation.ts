/**
 * Refuses, at synth time, what Kubernetes would refuse or would accept and never run.
 */
import { reachableUtilization } from './hpa-utilization';
import {
  AUTOSCALERS,
  HPA_MEASURES,
  type InferenceServiceProps,
  METRICS_SCRAPES,
  type Resources,
  type Scaling,
  SERVICE_TYPES,
  USER_IDS,
} from './inference-service-props';
import { checkAffinity } from './node-affinity';
import {
  checkAddedLabels,
  checkAnnotations,
  checkArchitectures,
  checkEnv,
  checkEphemeralStorage,
  checkHpaTolerance,
  checkMetricsPort,
  checkNodeSelector,
  checkTolerations,
} from './option-checks';
import { checkTogether } from './option-conflicts';
import { parseCpuMillis, parseMemoryBytes } from '../quantity';
import { checkText, shown, TEXT_FIELDS, type TextField } from './text-forms';

/** The texts that must be there. */
const REQUIRED: readonly TextField[] = ['name', 'model', 'image'];

function checkTexts(props: Readonly<Partial<Record<TextField, string>>>): void {
  for (const field of TEXT_FIELDS) {
    if (props[field] !== undefined || REQUIRED.includes(field)) checkText(field, field, props[field]);
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

function checkTarget(
  name: string,
  { requests, limits }: Resources,
  targetCpuPercent: number,
  tolerancePercent: number | undefined,
): void {
  const requestMillis = parseCpuMillis(requests.cpu);
  if (requestMillis === 0) {
    throw new Error(
      `${name}: requests.cpu must be above 0, since targetCpuPercent is a share of it, received ${requests.cpu}`,
    );
  }
  const limitMillis = parseCpuMillis(limits.cpu);
  const { addsPods, toleratedPercent } = reachableUtilization(
    requestMillis,
    limitMillis,
    targetCpuPercent,
    tolerancePercent,
  );
  if (!addsPods) {
    const leastPercent = Math.floor(toleratedPercent) + 1;
    throw new Error(
      `${name}: limits.cpu must be at least ${leastPercent} % of requests.cpu, or no pod is ever added at ` +
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

const fieldOf = (value: unknown, field: string): unknown =>
  typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[field]
    : undefined;

/** The quantities of a service, as paths in its props. */
const QUANTITIES = ['requests', 'limits'].flatMap((kind) =>
  ['cpu', 'memory'].map((resource) => ['resources', kind, resource]),
);

const SCALING_KINDS: readonly unknown[] = ['fixed', ...AUTOSCALERS] satisfies Scaling['kind'][];

/**
 * Refuses props that lack what every service needs. The compiler sees to it in TypeScript; JavaScript has no other check.
 *
 * @throws Error naming the field, the value and what it must be
 */
export function checkPresent(props: unknown): asserts props is InferenceServiceProps {
  if (typeof props !== 'object' || props === null) {
    throw new Error(
      `props must be an object with model, image, resources and scaling, received ${shown(props)}`,
    );
  }
  for (const field of ['model', 'image'] as const) checkText(field, field, fieldOf(props, field));
  for (const path of QUANTITIES) {
    const value = path.reduce<unknown>(fieldOf, props);
    if (typeof value !== 'string') {
      throw new Error(
        `${path.join('.')} must be a quantity as text, such as '500m', received ${shown(value)}`,
      );
    }
  }
  const kind = fieldOf(fieldOf(props, 'scaling'), 'kind');
  if (!SCALING_KINDS.includes(kind)) {
    throw new Error(`scaling.kind must be one of ${SCALING_KINDS.join(', ')}, received ${shown(kind)}`);
  }
}

export function checkOneOf(field: string, known: readonly string[], value: string | undefined): void {
  if (value === undefined || known.includes(value)) return;
  throw new Error(`${field} must be one of ${known.join(', ')}, received ${value}`);
}

/** Checks what a service may have beside its figures. */
function checkOptions(props: InferenceServiceProps): void {
  const { env, metricsPort } = props;
  checkEnv('env', env ?? {});
  checkAddedLabels('podLabels', props.podLabels ?? {});
  checkAddedLabels('podMonitorLabels', props.podMonitorLabels ?? {});
  checkNodeSelector('nodeSelector', props.nodeSelector ?? {});
  checkTolerations('tolerations', props.tolerations ?? []);
  if (props.architectures !== undefined) checkArchitectures('architectures', props.architectures);
  checkAnnotations('podAnnotations', props.podAnnotations ?? {});
  checkAnnotations('serviceAnnotations', props.serviceAnnotations ?? {});
  if (metricsPort !== undefined) checkMetricsPort('metricsPort', metricsPort);
  if (props.ephemeralStorage !== undefined) checkEphemeralStorage('ephemeralStorage', props.ephemeralStorage);
  checkAnnotations('ingressAnnotations', props.ingressAnnotations ?? {});
  checkOneOf('userIds', USER_IDS, props.userIds);
  checkOneOf('hpaMeasures', HPA_MEASURES, props.hpaMeasures);
  checkHpaTolerance('hpaTolerancePercent', props.hpaTolerancePercent ?? {});
  checkOneOf('metricsScrape', METRICS_SCRAPES, props.metricsScrape);
  checkTogether((field) => field, props.scaling.kind, props);
  checkAffinity('affinity', props);
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
  if (scaling.kind !== 'fixed')
    checkTarget(name, resources, scaling.targetCpuPercent, props.hpaTolerancePercent?.scaleUp);
  checkOneOf('serviceType', SERVICE_TYPES, serviceType);
  if (figures !== undefined) checkFigures(figures);
  checkOptions(props);
}
