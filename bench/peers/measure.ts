/**
 * Measures one server, or the engine alone: start, loads, memory, end.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../../files/package-root';
import type { ModelId } from '../../models/catalog';
import type { Precision } from '../../models/engines/engine';
import { createCpuGroup } from '../experiments/cpu-group';
import { summarize } from '../load/documents';
import { runLoad } from '../load/generator';
import type { ExpectedImages } from './images';
import { PEER_ENV } from './peer-environment';
import type { EngineAlone, LoadFigures, Visit } from './peers-document';
import { BUSY_CLIENTS, ONE_CORE_MILLIS, type PlannedLoad, type PlannedVisit } from './plan';
import { type CpuGroup, endAll, freePort, pssMebibytes, startInGroup, startServer } from './server-process';
import { serverOf, type ServerRun } from './servers';

/** What is the same for all visits of one model at one precision. */
export interface Subject {
  readonly model: ModelId;
  readonly precision: Precision;
  readonly graph: string;
  readonly classes: readonly string[];
  readonly images: ExpectedImages;
}

/** What is the same for all visits. */
export interface Bench {
  readonly onnxCacheDir: string;
  /** Temporary folder. */
  readonly work: string;
  readonly warmUpSeconds: number;
  readonly signal: AbortSignal;
}

/** Runs `work` in a control group of its own, and ends all of its processes. */
async function inGroup<T>(limitMillis: number, work: (group: CpuGroup) => Promise<T>): Promise<T> {
  const group = createCpuGroup(limitMillis);
  try {
    return await work(group);
  } finally {
    await endAll(group);
    await group.remove();
  }
}

/** Variables that keep servers from writing into this project or the user's home. */
const tidyEnvironment = (work: string) => ({
  NODE_ENV: 'production',
  // Not set in the container image, and Node 20 would read the certificates at each start.
  NODE_EXTRA_CA_CERTS: '',
  TMPDIR: work,
  BENTOML_HOME: join(work, 'bentoml'),
  PYTHONDONTWRITEBYTECODE: '1',
  ORT_DISABLE_TELEMETRY: '1',
  OPENVINO_TELEMETRY_OPT_OUT: '1',
});

const environmentOf = (run: ServerRun) => ({
  [PEER_ENV.port]: String(run.port),
  [PEER_ENV.graph]: run.graph,
  [PEER_ENV.classes]: JSON.stringify(run.classes),
  [PEER_ENV.threads]: String(run.setting.threads),
  [PEER_ENV.processes]: String(run.setting.processes),
  [PEER_ENV.model]: run.model,
  [PEER_ENV.precision]: run.precision,
  [PEER_ENV.onnxCacheDir]: run.onnxCacheDir,
});

/** Sends a load, of which every answer must be right. */
async function measureLoad(
  url: string,
  { image, clients, seconds }: PlannedLoad,
  images: ExpectedImages,
  group: CpuGroup,
  signal: AbortSignal,
): Promise<LoadFigures> {
  const before = group.cpuMs();
  const document = await runLoad({
    ...{ url, load: `closed:${clients}:${seconds}s`, connections: `kept:${clients}` },
    ...{ images: images[image], checkEvery: 1, stop: signal },
  });
  signal.throwIfAborted();
  const cpuMs = group.cpuMs() - before;
  const { due, outcomes, answered } = summarize(document);
  // Until the last answer: within the schedule alone, one that answers four images at once would lose those in flight.
  const perSecond = (1000 * due) / document.generators[0]!.elapsedMs;
  if (outcomes.right !== due || due === 0) {
    const received = Object.entries({ ...outcomes, ...document.failures }).filter(([, count]) => count > 0);
    const counts = received.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
    throw new Error(`every answer must be right, received ${counts || 'none'}`);
  }
  return {
    ...{ image, clients, seconds, images: due, perSecond },
    ...{ p50Ms: answered.p50Ms, p90Ms: answered.p90Ms, cpuMsPerImage: cpuMs / due },
    clientCpuShare: document.generators[0]!.cpuShare,
  };
}

/**
 * Starts a server, measures it and ends it.
 *
 * @param packagesDir the peer's own packages; empty for what this project has already
 * @throws Error if it does not start or an answer is not right; the signal's reason after an interrupt
 */
export async function measureServer(
  planned: PlannedVisit,
  { graph, classes, images }: Subject,
  packagesDir: string,
  { onnxCacheDir, work, warmUpSeconds, signal }: Bench,
): Promise<Omit<Visit, 'round'>> {
  const { loads, ...served } = planned;
  const server = serverOf(served.server);
  const run: ServerRun = { ...served, port: await freePort(), graph, classes, onnxCacheDir, packagesDir };
  const program = {
    command: server.command(run),
    environment: { ...tidyEnvironment(work), ...environmentOf(run), ...server.environment?.(run) },
    log: join(work, 'server.log'),
  };
  const url = `http://127.0.0.1:${run.port}${server.path.replace(':model', served.model)}`;
  const [first] = images.small;
  const bytes = readFileSync(first!.file);
  return inGroup(served.limitMillis, async (group) => {
    const readyMs = await startServer(
      program,
      group,
      url,
      { bytes, expectedClass: first!.expectedClass! },
      signal,
    );
    const measure = (load: PlannedLoad) => measureLoad(url, load, images, group, signal);
    await measure({ image: 'small', clients: BUSY_CLIENTS, seconds: warmUpSeconds });
    const figures: LoadFigures[] = [];
    for (const load of loads) figures.push(await measure(load));
    return { ...served, readyMs, pssMebibytes: pssMebibytes(group), loads: figures };
  });
}

/** Times this project's engine without a server, on one thread of one core. */
export async function measureEngine(
  model: ModelId,
  precision: Precision,
  seconds: number,
  { onnxCacheDir, work }: Bench,
): Promise<Omit<EngineAlone, 'round'>> {
  const log = join(work, 'engine.log');
  const script = join(PACKAGE_ROOT, 'build/bench/peers/engine-alone.js');
  const command = [process.execPath, script, model, precision, onnxCacheDir, String(seconds)];
  return inGroup(ONE_CORE_MILLIS, async (group) => {
    const child = startInGroup({ command, environment: tidyEnvironment(work), log }, group);
    const [code] = (await once(child, 'exit')) as [number | null];
    const printed = readFileSync(log, 'utf8');
    if (code !== 0) throw new Error(`the engine of ${model} at ${precision} ended with ${code}: ${printed}`);
    return { model, precision, ...(JSON.parse(printed) as Pick<EngineAlone, 'images' | 'cpuMs' | 'wallMs'>) };
  });
}
