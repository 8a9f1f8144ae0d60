/**
 * What do onnxruntime's settings cost: spinning threads, the memory arena, memory patterns? Each setting has a process of
 * its own, with the service's malloc settings; the processes take turns.
 *
 * npx tsx bench/experiments/session-options.ts [--models accuracy,latency] [--precisions fp32,int8] [--threads 1,2]
 *   [--turns 12] [--write]
 *
 * `--write` keeps the figures in docs/performance/data/, from which `npm run docs` makes the table. Linux; two minutes on
 * two cores.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import type { InferenceSession } from 'onnxruntime-node';

import { INPUT_NAME, INPUT_SHAPE, MODEL_IDS, type ModelId, modelId } from '../../models/catalog';
import { PRECISIONS_OF } from '../../models/engines/engine';
import { cachedGraph } from '../../models/engines/onnxruntime/graph-cache';
import { ort } from '../../models/engines/onnxruntime/runtime';
import { sessionOptions } from '../../models/engines/onnxruntime/session';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { readConfig } from '../../service/config';
import { MALLOC_ENV } from '../../service/inference/malloc';
import { thisMachine } from '../timeline/recorder';
import { SESSION_OPTIONS_FILE, writePerformanceData } from './performance-data';
import { programArguments } from './program-arguments';
import { pssMebibytes } from './service-cost';
import {
  type SessionComparison,
  SESSION_OPTIONS_SCHEMA,
  SESSION_OPTIONS_VERSION,
  type SessionOptionsDocument,
  sessionOptionsText,
  type Setting,
  type SettingCost,
  SETTINGS,
} from './session-options-document';

const IMAGES_PER_TURN: Readonly<Record<ModelId, number>> = { accuracy: 2, latency: 10 };
/** Threads that spin do so for some time after an image. */
const REST_MS = 30;

type Change = (options: InferenceSession.SessionOptions) => InferenceSession.SessionOptions;
const CHANGES: Readonly<Record<Setting, Change>> = {
  'as served': (options) => options,
  spinning: (options) => ({
    ...options,
    extra: {
      ...options.extra,
      session: { ...(options.extra!['session'] as object), intra_op: { allow_spinning: '1' } },
    },
  }),
  'no arena': (options) => ({ ...options, enableCpuMemArena: false }),
  'no memory pattern': (options) => ({ ...options, enableMemPattern: false }),
};

/** What a process runs. */
interface Job {
  readonly graph: string;
  readonly threads: number;
  readonly setting: Setting;
  readonly imagesPerTurn: number;
}
/** Per image. */
interface Turn {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** The program of a setting's process: a turn per message, the first of which opens the session and warms it up. */
function runChild(): void {
  const image = Float32Array.from({ length: INPUT_SHAPE.reduce((size, side) => size * side, 1) }, (_, i) =>
    Math.abs(Math.sin(i)),
  );
  let session: InferenceSession | undefined;
  process.on('message', ({ graph, threads, setting, imagesPerTurn }: Job) => {
    void (async () => {
      session ??= await ort.InferenceSession.create(graph, CHANGES[setting](sessionOptions(threads)));
      const before = process.cpuUsage();
      const started = performance.now();
      for (let i = 0; i < imagesPerTurn; i++) {
        await session.run({ [INPUT_NAME]: new ort.Tensor('float32', image, [1, ...INPUT_SHAPE]) });
      }
      const wallMs = (performance.now() - started) / imagesPerTurn;
      await sleep(REST_MS);
      const { user, system } = process.cpuUsage(before);
      process.send!({ cpuMs: (user + system) / 1000 / imagesPerTurn, wallMs } satisfies Turn);
    })();
  });
}

const takeTurn = (child: ChildProcess, job: Job) =>
  new Promise<Turn>((resolve, reject) => {
    const fail = (code: number | null) =>
      reject(new Error(`the process of "${job.setting}" ended (${code})`));
    child.once('exit', fail);
    child.once('message', (turn: Turn) => {
      child.off('exit', fail);
      resolve(turn);
    });
    child.send(job);
  });

async function compareSettings(
  subject: Omit<SessionComparison, 'settings'>,
  turns: number,
): Promise<SessionComparison> {
  const { model, precision, threads } = subject;
  const { onnxCacheDir } = readConfig(process.env);
  const { source } = await cachedGraph(join(DEMO_MODELS_DIR, model), onnxCacheDir, precision);
  if (typeof source !== 'string')
    throw new Error(`${onnxCacheDir} must be writable: each process reads its graph from there`);
  const sides = SETTINGS.map((setting) => ({
    job: { graph: source, threads, setting, imagesPerTurn: IMAGES_PER_TURN[model] },
    turns: [] as Turn[],
    child: fork(__filename, [], {
      env: { ...MALLOC_ENV, ...process.env },
      execArgv: ['--import', pathToFileURL(require.resolve('tsx')).href],
    }),
  }));
  try {
    // The first turn opens the session and is not counted.
    for (let turn = -1; turn < turns; turn++) {
      // Another one begins each turn, so that none always follows the same one.
      for (const i of sides.keys()) {
        const { child, job, turns: taken } = sides[(i + turn + 1) % sides.length]!;
        const one = await takeTurn(child, job);
        if (turn >= 0) taken.push(one);
      }
    }
    const settings = sides.map(({ child, job, turns: taken }): SettingCost => ({
      setting: job.setting,
      cpuMs: taken.map(({ cpuMs }) => cpuMs),
      wallMs: taken.map(({ wallMs }) => wallMs),
      pssMebibytes: pssMebibytes(child.pid!),
    }));
    return { ...subject, settings };
  } finally {
    for (const { child } of sides) child.kill();
  }
}

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: {
      models: { type: 'string', default: MODEL_IDS.join(',') },
      precisions: { type: 'string', default: PRECISIONS_OF.onnxruntime.join(',') },
      threads: { type: 'string', default: '1,2' },
      turns: { type: 'string', default: '12' },
      write: { type: 'boolean', default: false },
    },
  });
  const precisions = PRECISIONS_OF.onnxruntime.filter((one) => values.precisions.split(',').includes(one));
  const startedAt = new Date().toISOString();
  const comparisons: SessionComparison[] = [];
  for (const model of values.models.split(',').map(modelId)) {
    for (const precision of precisions) {
      for (const threads of values.threads.split(',').map(Number)) {
        comparisons.push(await compareSettings({ model, precision, threads }, Number(values.turns)));
        console.error(`measured ${model} at ${precision} with ${threads} threads`);
      }
    }
  }
  const document: SessionOptionsDocument = {
    ...{ schema: SESSION_OPTIONS_SCHEMA, version: SESSION_OPTIONS_VERSION },
    ...{ startedAt, machine: thisMachine(), comparisons },
  };
  if (values.write) writePerformanceData(SESSION_OPTIONS_FILE, document);
  console.log(sessionOptionsText(document));
}

if (process.send === undefined) {
  main().catch((error: unknown) => {
    console.error((error as Error).message);
    process.exit(1);
  });
} else runChild();
