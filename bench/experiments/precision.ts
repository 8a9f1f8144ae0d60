/**
 * How much faster is a model at int8?
 *
 * npm run bench:precision -- [--runs N]
 *
 * Runs the demo models at both precisions on one thread, in turns, so that a neighbour disturbs both alike, and compares
 * CPU time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { table } from '../../charts/markdown';
import { INPUT_SHAPE, MODEL_IDS, type ModelId, MODELS } from '../../models/catalog';
import { PRECISIONS_OF } from '../../models/engines/engine';
import { multipliesBytes } from '../../models/engines/onnxruntime/cpu';
import { loadOnnxruntime } from '../../models/engines/onnxruntime/engine';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { percentile } from '../../statistics/percentile';
import { programArguments } from './program-arguments';

const WARM_UP_RUNS = 5;
const DEFAULT_RUNS: Readonly<Record<ModelId, number>> = { accuracy: 30, latency: 300 };
/** Share of the runs that a neighbour disturbs least. */
const UNDISTURBED = 0.1;

/** CPU time of one model's runs at each precision, milliseconds. */
async function cpuMs(model: ModelId, runs: number, onnxCacheDir: string): Promise<number[][]> {
  const engines = [];
  for (const precision of PRECISIONS_OF.onnxruntime) {
    const modelDir = join(DEMO_MODELS_DIR, model);
    engines.push(
      await loadOnnxruntime({ kind: 'onnxruntime', modelDir, threads: 1, precision, onnxCacheDir }),
    );
  }
  const size = INPUT_SHAPE.reduce((product, side) => product * side, 1);
  const image = Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 256) / 255);
  const timesMs: number[][] = engines.map(() => []);
  for (let run = 0; run < WARM_UP_RUNS + runs; run++) {
    for (const [i, engine] of engines.entries()) {
      const before = process.cpuUsage();
      await engine.predict(image, 1);
      const { user, system } = process.cpuUsage(before);
      if (run >= WARM_UP_RUNS) timesMs[i]!.push((user + system) / 1000);
    }
  }
  await Promise.all(engines.map((engine) => engine.dispose()));
  return timesMs;
}

async function main(): Promise<void> {
  const { values } = programArguments(__filename, { options: { runs: { type: 'string' } } });
  const onnxCacheDir = mkdtempSync(join(tmpdir(), 'tandem-precision-'));
  const rows: (string | number)[][] = [];
  try {
    for (const model of MODEL_IDS) {
      const runs = values.runs === undefined ? DEFAULT_RUNS[model] : Number(values.runs);
      const [fp32, int8] = (await cpuMs(model, runs, onnxCacheDir)) as [number[], number[]];
      for (const [name, share] of [
        ['median', 0.5],
        ['10th percentile', UNDISTURBED],
      ] as const) {
        const [at32, at8] = [percentile(fp32, share), percentile(int8, share)];
        rows.push([
          MODELS[model].title,
          runs,
          name,
          at32.toFixed(1),
          at8.toFixed(1),
          (at8 / at32).toFixed(2),
        ]);
      }
    }
  } finally {
    rmSync(onnxCacheDir, { recursive: true });
  }
  if (!multipliesBytes()) console.log('This CPU has no VNNI: int8 is exact here, and slow.\n');
  console.log(table(['model', 'images', 'statistic', 'fp32, CPU ms', 'int8, CPU ms', 'int8 / fp32'], rows));
}

void main();
