/**
 * Measures the machine without a cluster: CPU time per image of each model, and the knee of a single pod at its printed
 * CPU figures. Each service is a process of its own in a control group.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { parseCpuMillis } from '../../infra/quantity';
import { CPU_QUOTA_PERIOD_MS } from '../../infra/construct/deployment-defaults';
import { VARIANTS } from '../../infra/variants';
import { MODEL_IDS, type ModelId, MODELS } from '../../models/catalog';
import { type Precision, PRECISIONS_OF } from '../../models/engines/engine';
import { ENV, PATHS } from '../../service/contract';
import { threadsFor, usableMillis } from '../../service/cpu-limit';
import { parallelismOf } from '../../service/inference/parallelism';
import { medianOf } from '../../statistics/median';
import { createCpuGroup } from '../experiments/cpu-group';
import { type ServiceProcess, startService } from '../experiments/service-process';
import { capacity } from '../load/capacity';
import { summarize } from '../load/documents';
import { runLoad } from '../load/generator';
import { httpProbe } from '../load/http-probe';
import { startRecorder, thisMachine } from '../timeline/recorder';
import { processSource } from '../timeline/process-source';
import { countersIn } from '../timeline/prometheus-text';
import {
  type CpuPerImage,
  MACHINE_SCHEMA,
  MACHINE_VERSION,
  type MachineDocument,
  type PrintedPod,
} from './machine';
import type { Calibration, Form } from './plan';
import { sampleImages } from './sample-images';

/** One core: CPU time per image is quoted for one thread. */
const LIMIT_MILLIS = 1000;
const WARM_UP_SECONDS = 6;
/** As often as the recording of a pod reads its metrics and the kubelet its readiness. */
const WATCH_INTERVAL_MS = 5_000;
/** Below the default of 1024, so that a service with more threads than cores does not keep the generator from sending in time. */
const SERVICE_SHARES = 256;
/**
 * `idleWindows`: the least of them counts, since compiling and collecting garbage after a load only add to it.
 * `searchSeconds`: after this time the search for the knee begins no further probe.
 */
const LENGTHS = {
  full: { repetitions: 5, seconds: 15, idleWindows: 6, maxProbeSeconds: 120, searchSeconds: 900 },
  quick: { repetitions: 3, seconds: 6, idleWindows: 3, maxProbeSeconds: 30, searchSeconds: 40 },
} as const satisfies Record<Form, object>;
/**
 * The objective of the printed pod: this many service times of one client that waits for its answers, and at least a period
 * of the CPU quota. A few milliseconds would judge the scheduler of a machine that the generator shares.
 */
const SLO_TIMES = 4;
/** The search begins at this many times the rate at which it would begin for a server of unknown threads. */
const START_FACTOR = 2;
/** How the search names an end from outside. */
const INTERRUPTED = 'interrupted';

export interface MachineOptions {
  readonly form: Form;
  readonly seed: number;
  readonly commit: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Runs `work` with a service in a control group of its own, and ends both. */
async function withService<T>(
  model: ModelId,
  limitMillis: number,
  precision: Precision | undefined,
  work: (service: ServiceProcess, group: ReturnType<typeof createCpuGroup>) => Promise<T>,
): Promise<T> {
  const group = createCpuGroup(limitMillis);
  group.setShares(SERVICE_SHARES);
  try {
    const service = await startService(
      {
        ...{ [ENV.models]: model, [ENV.cpuLimitMillis]: String(limitMillis), [ENV.logLevel]: 'info' },
        ...(precision && { [ENV.precision]: precision }),
      },
      { cgroups: group.folders },
    );
    try {
      return await work(service, group);
    } finally {
      await service.end();
    }
  } finally {
    await group.remove();
  }
}

const classify = ({ url }: ServiceProcess, model: ModelId) => `${url}${PATHS.classify}?model=${model}`;

/** One client that waits for its answers, so that nothing is refused. */
const closedLoop = (url: string, seconds: number, signal: AbortSignal) =>
  runLoad({ url, load: `closed:1:${seconds}s`, connections: 'kept:1', images: sampleImages(), stop: signal });

/** CPU of a service that is only watched, as often as a pod is: the least of some windows. */
async function idleCpuMillis(
  { url }: ServiceProcess,
  cpuMs: () => number,
  count: number,
  signal: AbortSignal,
): Promise<number> {
  const subject = { variant: 'idle', deploymentSpec: null, autoscalerSpec: null, nodes: [] };
  const recorder = startRecorder(
    processSource([{ name: 'idle', url }]),
    { ...subject, machine: thisMachine() },
    WATCH_INTERVAL_MS,
  );
  try {
    const windows: number[] = [];
    for (let window = 0; window < count; window++) {
      const [before, started] = [cpuMs(), performance.now()];
      await sleep(WATCH_INTERVAL_MS, undefined, { signal });
      windows.push((1000 * (cpuMs() - before)) / (performance.now() - started));
    }
    return Math.min(...windows);
  } finally {
    await recorder.stop(false);
  }
}

/** The precision in which a service computes. */
async function precisionOf({ url }: ServiceProcess): Promise<Precision> {
  const { precision } = countersIn(await (await fetch(`${url}${PATHS.metrics}`)).text());
  const known = PRECISIONS_OF.onnxruntime.find((each) => each === precision);
  if (known === undefined) {
    throw new Error(
      `precision in ${PATHS.metrics} must be one of ${PRECISIONS_OF.onnxruntime.join(', ')}, received ${precision}`,
    );
  }
  return known;
}

/** @param precision the service's own choice if undefined */
async function cpuPerImage(
  model: ModelId,
  precision: Precision | undefined,
  { form, signal, log }: MachineOptions,
): Promise<CpuPerImage> {
  const { repetitions, seconds, idleWindows } = LENGTHS[form];
  return withService(model, LIMIT_MILLIS, precision, async (service, { cpuMs }) => {
    const url = classify(service, model);
    await closedLoop(url, WARM_UP_SECONDS, signal);
    const idle = await idleCpuMillis(service, cpuMs, idleWindows, signal);
    const images: number[] = [];
    const cpuSecondsPerImage: number[] = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const before = cpuMs();
      const document = await closedLoop(url, seconds, signal);
      signal.throwIfAborted();
      const { right } = summarize(document).outcomes;
      images.push(right);
      cpuSecondsPerImage.push((cpuMs() - before) / 1000 / right);
    }
    const median = 1000 * medianOf(cpuSecondsPerImage);
    const computed = await precisionOf(service);
    log(
      `${model} at ${computed}: ${median.toFixed(1)} ms of CPU per image, ${idle.toFixed(1)}m without load (${repetitions} repetitions)`,
    );
    const facts = { engine: 'onnxruntime', precision: computed, isDefault: precision === undefined } as const;
    const threads = threadsFor(LIMIT_MILLIS);
    return {
      model,
      ...facts,
      threads,
      limitMillis: LIMIT_MILLIS,
      cpuSecondsPerImage,
      images,
      idleCpuMillis: idle,
    };
  });
}

async function printedPod(model: ModelId, options: MachineOptions): Promise<PrintedPod> {
  const { form, seed, signal, log } = options;
  const { name, resources: printed } = VARIANTS.find(
    (variant) => variant.model === model && variant.kind === 'single-pod',
  )!;
  const limitMillis = parseCpuMillis(printed.limits.cpu);
  const machineMillis = 1000 * thisMachine().cores;
  return withService(model, limitMillis, undefined, async (service, group) => {
    const url = classify(service, model);
    const single = summarize(await closedLoop(url, WARM_UP_SECONDS, signal));
    const slo = {
      percentile: 0.95,
      limitMs: Math.max(CPU_QUOTA_PERIOD_MS, Math.ceil(SLO_TIMES * single.answered.p50Ms)),
    };
    const { maxProbeSeconds, searchSeconds } = LENGTHS[form];
    const deadlineMs = performance.now() + 1000 * searchSeconds;
    const found = await capacity({
      probe: httpProbe({ url, slo, maxProbeSeconds, stop: signal, images: sampleImages() }),
      ...{ slo, seed, singleStreamMs: single.answered.p50Ms / START_FACTOR },
      isStopped: () => signal.aborted || performance.now() > deadlineMs,
    });
    signal.throwIfAborted();
    const { lowPerSecond, highPerSecond } = found;
    log(
      `${name} at ${printed.limits.cpu}: knee from ${lowPerSecond.toFixed(1)} to ` +
        `${highPerSecond?.toFixed(1) ?? 'unknown'} images per second at p95 <= ${slo.limitMs} ms`,
    );
    const deviations = [
      'The service and the load generator share the machine; there is no node, no kubelet and no probe.',
      ...(limitMillis > machineMillis
        ? [
            `The limit of ${printed.limits.cpu} exceeds this machine's ${machineMillis}m, so that it never bites.`,
          ]
        : []),
    ];
    return {
      ...{ model, variant: name, printed, limitMillis, slo },
      parallelism: parallelismOf(MODELS[model].architecture, usableMillis(limitMillis)),
      capacity: found.ended === INTERRUPTED ? { ...found, ended: `${searchSeconds} s were over` } : found,
      ...{ throttledShare: group.throttledShare(), deviations },
    };
  });
}

/**
 * Runs them all; needs what `cgroupObstacle` names.
 *
 * @throws the signal's reason after an interrupt
 */
export async function measureMachine(options: MachineOptions): Promise<MachineDocument> {
  const startedAt = new Date().toISOString();
  const costs: CpuPerImage[] = [];
  for (const model of MODEL_IDS) {
    const own = await cpuPerImage(model, undefined, options);
    costs.push(own);
    for (const precision of PRECISIONS_OF.onnxruntime.filter((each) => each !== own.precision)) {
      costs.push(await cpuPerImage(model, precision, options));
    }
  }
  const pods: PrintedPod[] = [];
  for (const model of MODEL_IDS) pods.push(await printedPod(model, options));
  const { form, seed, commit } = options;
  return {
    schema: MACHINE_SCHEMA,
    version: MACHINE_VERSION,
    ...{ form, startedAt, finishedAt: new Date().toISOString(), commit, machine: thisMachine(), seed },
    cpuPerImage: costs,
    printedPods: pods,
  };
}

/** What the plan needs of it: medians at the precision that pods choose. */
export const calibrationOf = ({ cpuPerImage: costs }: MachineDocument): Calibration =>
  Object.fromEntries(
    costs
      .filter(({ isDefault }) => isDefault)
      .map(({ model, cpuSecondsPerImage, idleCpuMillis: idle }) => [
        model,
        { cpuSecondsPerImage: medianOf(cpuSecondsPerImage), idleCpuMillis: idle },
      ]),
  ) as unknown as Calibration;
