/**
 * Times this project's engine without a server: prints the medians of one model at one precision as JSON.
 * engine-alone.js MODEL PRECISION ONNX_CACHE_DIR SECONDS
 */
import { join } from 'node:path';

import { INPUT_SHAPE, modelId } from '../../models/catalog';
import { PRECISIONS } from '../../models/engines/engine';
import { loadOnnxruntime } from '../../models/engines/onnxruntime/engine';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { percentile } from '../../statistics/percentile';

const WARM_UP_IMAGES = 5;
const MIN_IMAGES = 5;

async function main([model, precisionName, onnxCacheDir, seconds]: readonly string[]): Promise<void> {
  const precision = PRECISIONS.find((name) => name === precisionName)!;
  const modelDir = join(DEMO_MODELS_DIR, modelId(model));
  const engine = await loadOnnxruntime({
    ...{ kind: 'onnxruntime', modelDir, threads: 1, precision },
    onnxCacheDir: onnxCacheDir!,
  });
  const values = INPUT_SHAPE.reduce((product, side) => product * side, 1);
  const image = Float32Array.from({ length: values }, (_, i) => ((i * 7919) % 256) / 255);
  for (let i = 0; i < WARM_UP_IMAGES; i++) await engine.predict(image, 1);
  const [cpuMs, wallMs]: [number[], number[]] = [[], []];
  const endMs = performance.now() + 1000 * Number(seconds);
  while (cpuMs.length < MIN_IMAGES || performance.now() < endMs) {
    const [before, started] = [process.cpuUsage(), performance.now()];
    await engine.predict(image, 1);
    const { user, system } = process.cpuUsage(before);
    cpuMs.push((user + system) / 1000);
    wallMs.push(performance.now() - started);
  }
  await engine.dispose();
  const median = (values: readonly number[]) => percentile(values, 0.5);
  console.log(JSON.stringify({ images: cpuMs.length, cpuMs: median(cpuMs), wallMs: median(wallMs) }));
}

void main(process.argv.slice(2));
