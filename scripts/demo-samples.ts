/**
 * Writes the sample images of the page, from images of the second task that no training used: one per class that both
 * models classify correctly, and two on which they differ. `npm run demo:samples`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { writeFileAtomic } from '../files/write';
import { MODEL_IDS, type ModelId } from '../models/catalog';
import { decodeImage, MAX_TRAINING_PIXELS } from '../models/data/decode';
import { drawSurface } from '../models/demo/image-set';
import { SAMPLE_INDEX, TEST_SPLIT } from '../models/demo/splits';
import { type SurfaceName, TASKS } from '../models/demo/surfaces';
import { type Engine, PRECISIONS_OF } from '../models/engines/engine';
import { loadEngine } from '../models/engines/load';
import { DEMO_MODELS_DIR } from '../models/weights/saved-model';
import { argMax } from '../models/evaluation/evaluation';
import { readConfig } from '../service/config';

const FOLDER = join(DEMO_MODELS_DIR, 'samples');
const QUALITY = 90;
/** Probability that a model must give its class, so that another machine's rounding does not change it. */
const MIN_PROBABILITY = 0.6;

function jpegOf(name: SurfaceName, index: number): Promise<Buffer> {
  const { sidePixels } = TEST_SPLIT;
  const raw = { width: sidePixels, height: sidePixels, channels: 3 } as const;
  return sharp(drawSurface(name, { ...TEST_SPLIT, index }), { raw })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

/** The class that an engine is sure of; undefined if it is not sure. */
async function classOf(engine: Engine, input: Float32Array): Promise<string | undefined> {
  const probabilities = await engine.predict(input, 1);
  const best = argMax(probabilities, 0, engine.classes.length);
  return probabilities[best]! < MIN_PROBABILITY ? undefined : engine.classes[best];
}

/** The class that a model is sure of at every precision; undefined if there is none. */
async function agreedClass(engines: readonly Engine[], input: Float32Array): Promise<string | undefined> {
  const classes = new Set<string | undefined>();
  for (const engine of engines) classes.add(await classOf(engine, input));
  return classes.size === 1 ? [...classes][0] : undefined;
}

/** Writes the first image that each model alone classifies correctly, in the order in which they are drawn. */
async function writeDiffering(engines: Readonly<Record<ModelId, readonly Engine[]>>): Promise<void> {
  const missing = new Set<ModelId>(MODEL_IDS);
  const samplesOf = new Map<SurfaceName, number>();
  for (let index = 0; index < TEST_SPLIT.perClass; index++) {
    for (const name of TASKS.transfer) {
      const jpeg = await jpegOf(name, index);
      const input = await decodeImage(jpeg, MAX_TRAINING_PIXELS);
      const accuracy = await agreedClass(engines.accuracy, input);
      const latency = await agreedClass(engines.latency, input);
      if (accuracy === undefined || latency === undefined || accuracy === latency) continue;
      const right = accuracy === name ? 'accuracy' : latency === name ? 'latency' : undefined;
      if (right === undefined || !missing.delete(right)) continue;
      // The class's first sample has no number.
      const number = (samplesOf.get(name) ?? 1) + 1;
      samplesOf.set(name, number);
      writeFileAtomic(join(FOLDER, `${name}.${number}.jpg`), jpeg);
      console.log(`${name}.${number} (image ${index}): accuracy says ${accuracy}, latency says ${latency}`);
      if (missing.size === 0) return;
    }
  }
  throw new Error(`no image is classified correctly by ${[...missing].join(' or ')} alone`);
}

async function writeSamples(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of TASKS.transfer)
    writeFileAtomic(join(FOLDER, `${name}.jpg`), await jpegOf(name, SAMPLE_INDEX));
  const { threads, onnxCacheDir } = readConfig(process.env);
  const load = (model: ModelId) =>
    Promise.all(
      PRECISIONS_OF.onnxruntime.map((precision) =>
        loadEngine({
          kind: 'onnxruntime',
          modelDir: join(DEMO_MODELS_DIR, model),
          ...{ threads, precision, onnxCacheDir },
        }),
      ),
    );
  await writeDiffering({ accuracy: await load('accuracy'), latency: await load('latency') });
  console.log(FOLDER);
}

void writeSamples();
