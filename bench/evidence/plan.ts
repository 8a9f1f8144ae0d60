/**
 * The experiments: which variant gets which load, for how long and how often. Pure data and functions; every rate derives
 * from what this machine measured first, so that the steps cross the knee on any machine.
 */
import { parseCpuMillis } from '../../infra/quantity';
import { CPU_QUOTA_PERIOD_MS } from '../../infra/construct/deployment-defaults';
import { maxReplicasOf, minReplicasOf } from '../../infra/construct/replicas';
import { type Variant, VARIANTS } from '../../infra/variants';
import { MODEL_IDS, type ModelId } from '../../models/catalog';
import { threadsFor } from '../../service/cpu-limit';
import type { Slo } from '../load/slo';
import { type MachineSize, type ScaledVariant, scaleVariant } from './scale';

export type Form = 'full' | 'quick';

/** What one model costs on this machine. */
export interface ModelCost {
  readonly cpuSecondsPerImage: number;
  /** CPU of a pod without load, millicores. */
  readonly idleCpuMillis: number;
}
export type Calibration = Readonly<Record<ModelId, ModelCost>>;

export interface Experiment extends ScaledVariant {
  readonly name: string;
  readonly form: Form;
  /** In the form of `--load`; a trace's file is {@link TRACE_FILE}. */
  readonly load: string;
  readonly loadSeconds: number;
  /** The longest recording after the load of the first repetition: what follows a load shows the idle return once. */
  readonly idleSeconds: number;
  readonly repetitions: number;
  readonly slo: Slo;
}

/** The recorded trace, of bench/traces, and the rows around the launch's flash crowd. */
export const TRACE_FILE = 'nasa-http-1995-07.csv';
export const TRACE = { column: 'launch_1995_07_13', firstRow: 583, lastRow: 590, binSeconds: 60 } as const;

/**
 * At most: the HPA's stabilisation window of 300 s, and time for the CPU samples to fall and for the pods to end. What many
 * idle pods use may still ask for more than the minimum; the HPA then takes a second window, which is not recorded.
 */
const IDLE_RETURN_SECONDS = 360;
/** Enough for CPU samples of idle pods; what follows a spike is what follows the other loads. */
const IDLE_SECONDS = 60;

/** Rates of the steps, as shares of the estimated capacity. */
const FIXED_STEPS = {
  full: [0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1, 1.2],
  quick: [0.15, 0.35, 0.55, 0.75, 0.95, 1.2],
} as const satisfies Record<Form, readonly number[]>;
/** Length of each of these steps: enough for the wanted requests at the capacity, within bounds, seconds. */
const STEP_LENGTH = {
  full: { requests: 200, min: 30, max: 120 },
  quick: { requests: 60, min: 15, max: 40 },
} as const;
const REPETITIONS = { full: 3, quick: 1 } as const;

/** Estimates of what a run takes beside its load and its idle return, seconds. */
export const OVERHEAD_SECONDS = { fixed: 45, hpa: 80 } as const;
/** Estimate of the machine's own experiments in the quick form, seconds: four CPU times per image and two searches. */
export const QUICK_MACHINE_SECONDS = 4 * 50 + 2 * 60;

/** Rates of an HPA's steps, in pods that the rate keeps at the target; half a pod keeps the decision from being a tie. */
const HPA_STEPS = {
  full: { pods: [1.5, 3.5, 6.5, Infinity, 3.5, 1.5], stepSeconds: 90 },
  quick: { pods: [1.5, 4.5, Infinity, 1.5], stepSeconds: 45 },
} as const;
/** What stands for `Infinity` pods: more than the HPA may have, as a share of its maximum. */
const BEYOND_MAX = 1.25;
const SPIKE = { seconds: 240, spikeSeconds: 120, basePods: 1.5 } as const;
/** A spike is this many times what the fewest pods can serve, but at most this share of what all of them can. */
const SPIKE_TIMES = 2;
const SPIKE_MAX_SHARE = 0.9;
/** A trace's peak, as a share of what the largest fleet serves at the target. */
const TRACE_PEAK = 0.95;

/**
 * The objective of a model: this many service times in its slowest pod, and this many periods of the CPU quota if that is
 * more, rounded up to one of {@link NICE}. A pod that has used up its quota waits for the next period, at any rate.
 */
const SLO_TIMES = 2;
const SLO_PERCENTILE = 0.95;
const NICE = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** Requests per second, with three digits. */
const rate = (perSecond: number) => String(Number(perSecond.toPrecision(3)));

const niceUp = (value: number) => {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * NICE.find((step) => step * unit >= value * (1 - 1e-9))!;
};

/** CPU that a pod can use for inference, millicores: its limit, or its threads if they use less. */
function usableMillis({ resources }: Variant, { idleCpuMillis }: ModelCost): number {
  const limit = parseCpuMillis(resources.limits.cpu);
  return Math.max(1, Math.min(limit - idleCpuMillis, 1000 * threadsFor(limit)));
}

/** Estimated images per second of one pod at its limit. */
const podCapacity = (variant: Variant, cost: ModelCost) =>
  usableMillis(variant, cost) / 1000 / cost.cpuSecondsPerImage;

/** Images per second that keep one pod of an HPA at its target. */
function podAtTarget({ resources, scaling }: Variant, cost: ModelCost): number {
  if (scaling.kind !== 'hpa') throw new Error(`scaling must be of kind hpa, received ${scaling.kind}`);
  const targetMillis = (scaling.targetCpuPercent / 100) * parseCpuMillis(resources.requests.cpu);
  if (cost.idleCpuMillis >= targetMillis) {
    throw new Error(
      `a pod without load uses ${cost.idleCpuMillis.toFixed(1)}m, as much as the HPA's target of ` +
        `${targetMillis.toFixed(1)}m: run the experiments on a machine with more CPUs`,
    );
  }
  return (targetMillis - cost.idleCpuMillis) / 1000 / cost.cpuSecondsPerImage;
}

function objectiveOf(model: ModelId, scaled: readonly ScaledVariant[], cost: ModelCost): Slo {
  const slowest = Math.min(
    ...scaled
      .filter(({ printed }) => printed.model === model)
      .map(({ applied }) => podCapacity(applied, cost)),
  );
  return {
    percentile: SLO_PERCENTILE,
    limitMs: niceUp(SLO_TIMES * Math.max(1000 / slowest, CPU_QUOTA_PERIOD_MS)),
  };
}

type Loaded = Pick<Experiment, 'name' | 'load' | 'loadSeconds' | 'idleSeconds' | 'repetitions'>;

function fixedLoad({ applied }: ScaledVariant, cost: ModelCost, form: Form): Omit<Loaded, 'repetitions'> {
  const capacity = maxReplicasOf(applied.scaling) * podCapacity(applied, cost);
  const { requests, min, max } = STEP_LENGTH[form];
  const stepSeconds = Math.min(max, Math.max(min, Math.ceil(requests / capacity)));
  const shares = FIXED_STEPS[form];
  return {
    name: applied.name,
    load: `steps:${shares.map((share) => rate(share * capacity)).join(',')}:${stepSeconds}s`,
    loadSeconds: shares.length * stepSeconds,
    idleSeconds: 0,
  };
}

function hpaLoads({ applied }: ScaledVariant, cost: ModelCost, form: Form, repetitions: number): Loaded[] {
  const { name, scaling } = applied;
  const [min, max] = [minReplicasOf(scaling), maxReplicasOf(scaling)];
  const atTarget = podAtTarget(applied, cost);
  const capacity = podCapacity(applied, cost);
  const { pods, stepSeconds } = HPA_STEPS[form];
  const levels = pods.map((count) => Math.min(count, BEYOND_MAX * max));
  const peak = Math.min(SPIKE_TIMES * min * capacity, SPIKE_MAX_SHARE * max * capacity);
  const traceSeconds = (TRACE.lastRow - TRACE.firstRow + 1) * TRACE.binSeconds;
  const steps: Loaded = {
    name: `${name}-steps`,
    load: `steps:${levels.map((count) => rate(count * atTarget)).join(',')}:${stepSeconds}s`,
    loadSeconds: levels.length * stepSeconds,
    idleSeconds: IDLE_RETURN_SECONDS,
    repetitions,
  };
  const others = [
    {
      name: `${name}-spike`,
      load: `spike:${rate(SPIKE.basePods * atTarget)}-${rate(peak)}:${SPIKE.seconds}s:${SPIKE.spikeSeconds}s`,
      loadSeconds: SPIKE.seconds,
      idleSeconds: IDLE_SECONDS,
      repetitions,
    },
    {
      name: `${name}-trace`,
      load: `trace:${TRACE_FILE}:${TRACE.column}:peak=${rate(TRACE_PEAK * max * atTarget)}:${TRACE.firstRow}-${TRACE.lastRow}`,
      loadSeconds: traceSeconds,
      idleSeconds: IDLE_RETURN_SECONDS,
      repetitions,
    },
  ];
  return form === 'quick' ? [steps] : [steps, ...others];
}

const QUICK_DEVIATIONS = {
  fixed: `Quick form: ${FIXED_STEPS.quick.length} shorter steps instead of ${FIXED_STEPS.full.length}.`,
  hpa:
    `Quick form: steps of ${HPA_STEPS.quick.stepSeconds} s instead of ${HPA_STEPS.full.stepSeconds} s, and ` +
    `${HPA_STEPS.quick.pods.length} of them instead of ${HPA_STEPS.full.pods.length}.`,
} as const;

/**
 * All experiments in the order in which they run.
 *
 * @param repetitions of each load: the figures of each are quoted
 * @throws Error for a machine that is too small
 */
export function planExperiments(
  form: Form,
  machine: MachineSize,
  calibration: Calibration,
  repetitions: number = REPETITIONS[form],
): Experiment[] {
  // The variant of the column Previous has the figures of the column Accuracy.
  const variants = VARIANTS.filter(({ name }) => !name.startsWith('previous-'));
  const scaled = variants.map((variant) => scaleVariant(variant, machine));
  const objectives = Object.fromEntries(
    MODEL_IDS.map((model) => [model, objectiveOf(model, scaled, calibration[model])]),
  ) as Record<ModelId, Slo>;
  return scaled.flatMap((each) => {
    const { model, kind } = each.printed;
    const cost = calibration[model];
    const loads =
      kind === 'hpa'
        ? hpaLoads(each, cost, form, repetitions)
        : [{ ...fixedLoad(each, cost, form), repetitions }];
    const quick = QUICK_DEVIATIONS[kind === 'hpa' ? 'hpa' : 'fixed'];
    return loads.map((load) => ({
      ...each,
      ...load,
      form,
      slo: objectives[model],
      deviations: [...each.deviations, ...(form === 'quick' ? [quick] : [])],
    }));
  });
}
