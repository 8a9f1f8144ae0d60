/**
 * Would batching raise throughput? Runs each model on batches of 1, 2, 4 and 8 images with onnxruntime.
 *
 * npx tsx bench/experiments/batching.ts [--rounds N] [--threads 1,2]
 *
 * The combinations take turns, so that a busy machine slows all of them alike. With one thread the gain is that of CPU
 * time, because other processes affect it less; with several, that of the time. Exits with 1 if a batch gains 10 % or
 * more: the service does not batch because none did.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { INPUT_SHAPE, MODEL_IDS } from '../../models/catalog';
import { loadOnnxruntime } from '../../models/engines/onnxruntime/engine';
import { seededRandom } from '../../statistics/seeded-random';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { percentile } from '../../statistics/percentile';
import { gainOf, largestGain } from './batching-gain';
import { programArguments } from './program-arguments';

const BATCHES = [1, 2, 4, 8];
/** Smallest gain that would be worth the code. */
const GAIN_WORTH_CODE = 0.1;
const IMAGE_SIZE = INPUT_SHAPE.reduce((product, size) => product * size, 1);

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: { rounds: { type: 'string', default: '15' }, threads: { type: 'string', default: '1,2' } },
  });
  const random = seededRandom(1, 'batching');
  const images = Float32Array.from({ length: Math.max(...BATCHES) * IMAGE_SIZE }, () => random.uniform());
  const runs = [];
  for (const model of MODEL_IDS) {
    for (const threads of values.threads.split(',').map(Number)) {
      const engine = await loadOnnxruntime({
        kind: 'onnxruntime',
        modelDir: join(DEMO_MODELS_DIR, model),
        threads,
        onnxCacheDir: join(tmpdir(), 'tandem-onnx'),
      });
      for (const batch of BATCHES)
        runs.push({ model, threads, batch, engine, wallMs: [] as number[], cpuMs: [] as number[] });
    }
  }
  // The first round allocates memory and is not counted.
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const { engine, batch, wallMs, cpuMs } of runs) {
      const input = images.subarray(0, batch * IMAGE_SIZE);
      const cpu = process.cpuUsage();
      const started = performance.now();
      await engine.predict(input, batch);
      const wall = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      if (round < 0) continue;
      wallMs.push(wall / batch);
      cpuMs.push((user + system) / 1000 / batch);
    }
  }
  console.log('| model | threads | batch | ms per image | CPU ms per image | gain |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const run of runs) {
    const figures = [run.wallMs, run.cpuMs].map((ms) => percentile(ms, 0.5).toFixed(2));
    const gain = `${(100 * gainOf(run, runs)).toFixed(1)} %`;
    console.log(`| ${[run.model, run.threads, run.batch, ...figures, gain].join(' | ')} |`);
  }
  const best = largestGain(runs);
  const worth = best >= GAIN_WORTH_CODE;
  console.log(
    `\nLargest gain of a batch: ${(100 * best).toFixed(1)} %. Worth the code: ${worth ? 'yes' : 'no'}.`,
  );
  process.exitCode = worth ? 1 : 0;
}

void main();
