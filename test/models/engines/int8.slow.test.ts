import { join } from 'node:path';

import { MODEL_IDS, type ModelId, RESCALE } from '../../../models/catalog';
import { drawTask } from '../../../models/demo/image-set';
import type { Precision } from '../../../models/engines/engine';
import { loadEngine } from '../../../models/engines/load';
import { argMax } from '../../../models/evaluation/evaluation';
import { DEMO_MODELS_DIR } from '../../../models/weights/saved-model';
import { DEMO_GRAPHS } from '../../support/demo-graphs';

/** Images that neither trained nor calibrated the models. */
const images = drawTask('transfer', { seed: 99, split: 'test', perClass: 2, sidePixels: 224 });
/** Exporting and quantizing ResNet101V2 takes most of it. */
const TIMEOUT_MS = 300_000;

const load = (model: ModelId, precision: Precision) =>
  loadEngine({
    ...{ kind: 'onnxruntime', modelDir: join(DEMO_MODELS_DIR, model), threads: 2, onnxCacheDir: DEMO_GRAPHS },
    precision,
  });

test.each(MODEL_IDS)(
  'the demo model %s gives at int8 the top class and nearly the probabilities of fp32',
  async (model) => {
    const engines = await Promise.all(
      (['fp32', 'int8'] as Precision[]).map((precision) => load(model, precision)),
    );
    expect(engines.map(({ precision }) => precision)).toEqual(['fp32', 'int8']);
    let same = 0;
    let difference = 0;
    for (const { pixels } of images) {
      const image = Float32Array.from(pixels, (value) => value * RESCALE);
      const [fp32, int8] = await Promise.all(engines.map((engine) => engine.predict(image, 1)));
      const count = fp32!.length;
      if (argMax(fp32!, 0, count) === argMax(int8!, 0, count)) same++;
      difference += Math.max(...fp32!.map((p, i) => Math.abs(p - int8![i]!))) / images.length;
    }
    expect(same).toBeGreaterThanOrEqual(images.length - 1);
    expect(difference).toBeLessThan(0.04);
    expect(difference).toBeGreaterThan(0); // or else both ran the same graph
    // The second start opens what the first prepared.
    const again = await load(model, 'int8');
    const image = Float32Array.from(images[0]!.pixels, (value) => value * RESCALE);
    expect(await again.predict(image, 1)).toEqual(await engines[1]!.predict(image, 1));
    expect(again.graph).toEqual(engines[1]!.graph);
    await Promise.all([...engines, again].map((engine) => engine.dispose()));
  },
  TIMEOUT_MS,
);

test('an engine that computes in fp32 refuses int8', async () => {
  await expect(
    loadEngine({
      ...{ kind: 'wasm', modelDir: join(DEMO_MODELS_DIR, 'latency'), threads: 1, onnxCacheDir: DEMO_GRAPHS },
      precision: 'int8',
    }),
  ).rejects.toThrow(
    'engine wasm computes in fp32, received precision int8: choose engine onnxruntime, or precision fp32',
  );
});
