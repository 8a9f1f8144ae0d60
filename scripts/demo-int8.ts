/**
 * Calibrates a demo model for int8 and measures what it costs: `npm run demo:int8 -- MODEL`. Keeps the ranges beside the
 * model, so that it is quantized without images, and the cost in its card.
 */
import { join } from 'node:path';

import { type ModelId, modelId, RESCALE } from '../models/catalog';
import { compareDemoPrecisions } from '../models/demo/evaluate';
import { drawTask } from '../models/demo/image-set';
import { TRAIN_SPLIT } from '../models/demo/splits';
import { calibrate } from '../models/engines/onnxruntime/calibrate';
import { openEngine } from '../models/engines/onnxruntime/engine';
import { cachedGraph } from '../models/engines/onnxruntime/graph-cache';
import { keepCalibration } from '../models/report/calibrate-model';
import { DEMO_MODELS_DIR, readSavedModel } from '../models/weights/saved-model';
import { readConfig } from '../service/config';

const IMAGES_PER_CLASS = 20;

const note = (sentence: string) => console.error(sentence);

async function calibrateDemo(model: ModelId): Promise<void> {
  const { threads, onnxCacheDir } = readConfig(process.env);
  const saved = readSavedModel(join(DEMO_MODELS_DIR, model));
  const images = drawTask('transfer', { ...TRAIN_SPLIT, perClass: IMAGES_PER_CLASS }).map(({ pixels }) =>
    Float32Array.from(pixels, (value) => value * RESCALE),
  );
  const calibrated = await calibrate(saved.folder, images, threads);
  for (const [method, divergence] of Object.entries(calibrated.divergences)) {
    note(`${method}: mean divergence from fp32 ${divergence.toExponential(2)} nats`);
  }
  const { source } = await cachedGraph(saved.folder, onnxCacheDir, 'fp32');
  const cost = await compareDemoPrecisions(
    await openEngine(saved, source, 'fp32', threads),
    await openEngine(saved, calibrated.graph, 'int8', threads),
    (done, total) => {
      if (done % 100 === 0) note(`${done}/${total} images`);
    },
  );
  keepCalibration(saved, calibrated, cost, { force: false, note });
}

void calibrateDemo(modelId(process.argv[2]));
