/**
 * Runs a load from a process of its own and makes its document.
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { parseConnections } from './connections';
import { durationSeconds, parseLoad } from './load';
import { documentOf } from './documents';
import type { GeneratorReport, RunDocument, Shard } from './run-document';
import { clientsOf, drawSchedule, shardOf } from './schedule';
import type { FromSender, SendJob, SendProgress, SendResult } from './sender';
import { formatSlo, type Slo } from './slo';

export interface Image {
  readonly file: string;
  /** The class that answers must name first. */
  readonly expectedClass?: string;
}

export interface RunOptions {
  readonly url: string;
  /** In the form of `--load`. */
  readonly load: string;
  /** In the form of `--connections`. @default fresh */
  readonly connections?: string;
  /** Posted in turn. @default none: GET is sent */
  readonly images?: readonly Image[];
  /** The class is checked in one answer of so many. @default DEFAULT_CHECK_EVERY */
  readonly checkEvery?: number;
  /** From the intended send time. @default 10 s */
  readonly timeoutMs?: number;
  /** @default 1 */
  readonly seed?: number;
  readonly slo?: Slo;
  /** @default the whole schedule */
  readonly shard?: Shard;
  /** When the schedule starts, by the wall clock. @default as soon as the generator is ready */
  readonly startAt?: Date;
  /** Ends the run early; its document then is incomplete. */
  readonly stop?: AbortSignal;
  readonly onProgress?: (progress: SendProgress, durationMs: number) => void;
}

export const DEFAULT_TIMEOUT_MS = 10_000;
export const DEFAULT_CONNECTIONS = 'fresh';
/** By file extension. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
};

/**
 * Media type of an image, by its extension.
 *
 * @throws RangeError for another extension
 */
export function mediaType(file: string): string {
  const type = MEDIA_TYPES[extname(file).toLowerCase()];
  if (type === undefined)
    throw new RangeError(`--image must end in ${Object.keys(MEDIA_TYPES).join(', ')}, received ${file}`);
  return type;
}

/**
 * Sends a load and waits for every outcome.
 *
 * @throws Error if the time to start is past; RangeError if the load, an image or the policy is malformed
 */
export async function runLoad(options: RunOptions): Promise<RunDocument> {
  const {
    url,
    images = [],
    timeoutMs = DEFAULT_TIMEOUT_MS,
    seed = 1,
    shard = { index: 1, count: 1 },
  } = options;
  const connections = options.connections ?? DEFAULT_CONNECTIONS;
  const load = parseLoad(options.load);
  const durationMs = 1000 * durationSeconds(load);
  const arrivals: SendJob['arrivals'] =
    load.kind === 'closed'
      ? { kind: 'closed', clients: clientsOf(load.clients, shard) }
      : { kind: 'open', intendedMs: shardOf(drawSchedule(load, seed), shard) };
  const files = images.map((image) => {
    const bytes = readFileSync(image.file);
    const { expectedClass } = image;
    return {
      job: {
        file: image.file,
        type: mediaType(image.file),
        ...(expectedClass !== undefined && { expectedClass }),
      },
      fact: {
        name: basename(image.file),
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        ...(expectedClass !== undefined && { expectedClass }),
      },
    };
  });
  const result = await sendFromProcess(
    {
      url,
      arrivals,
      durationMs,
      timeoutMs,
      ...(options.startAt && { startAtMs: options.startAt.getTime() }),
      connections: parseConnections(connections),
      images: files.map(({ job }) => job),
      ...(options.checkEvery !== undefined && { checkEvery: options.checkEvery }),
    },
    options.stop,
    (progress) => options.onProgress?.(progress, durationMs),
  );
  const generator: GeneratorReport = {
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    nodeVersion: process.version,
    platform: `${process.platform} ${process.arch}`,
    shard,
    startedAt: new Date(result.startedAtMs).toISOString(),
    finishedAt: new Date(result.finishedAtMs).toISOString(),
    cpuShare: result.cpuShare,
    clockDriftMs: result.clockDriftMs,
    elapsedMs: result.elapsedMs,
  };
  return documentOf({
    settings: {
      url,
      load: options.load,
      connections,
      timeoutMs,
      seed,
      images: files.map(({ fact }) => fact),
      ...(options.slo && { slo: formatSlo(options.slo) }),
    },
    generators: [generator],
    startedAt: generator.startedAt,
    durationMs,
    complete: result.complete,
    requests: result.requests,
    failures: result.failures,
  });
}

function sendFromProcess(
  job: SendJob,
  stop: AbortSignal | undefined,
  onProgress: (progress: SendProgress) => void,
): Promise<SendResult> {
  const program = join(__dirname, `sender-process${extname(__filename)}`);
  const execArgv =
    extname(__filename) === '.ts' ? ['--import', pathToFileURL(require.resolve('tsx')).href] : [];
  const child = fork(program, [], { execArgv, serialization: 'advanced' });
  const tellStop = () => child.connected && child.send('stop');
  return new Promise<SendResult>((resolve, reject) => {
    child.on('message', (message: FromSender) => {
      if (message.kind === 'ready') {
        child.send(job);
        if (stop?.aborted) tellStop();
      } else if (message.kind === 'progress') onProgress(message.progress);
      else if (message.kind === 'refused') reject(new Error(message.message));
      else resolve(message.result);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`the load generator’s process ended with ${code ?? signal} before the run was over`)),
    );
    stop?.addEventListener('abort', tellStop);
  }).finally(() => stop?.removeEventListener('abort', tellStop));
}
