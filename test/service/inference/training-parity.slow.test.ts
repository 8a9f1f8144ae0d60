/** Compares what the model process decodes with what training reads from the same files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';

import { openInputPipeline } from '../../../models/data/input-pipeline';
import { loadEngine } from '../../../models/engines/load';
import { DEMO_MODELS_DIR } from '../../../models/weights/saved-model';
import type { Running } from '../../../service/main';
import { DEMO_GRAPHS } from '../../support/demo-graphs';
import { startServer } from '../../support/server';

const LARGEST_DIFFERENCE = 1e-5;
const IMAGE_SIZE = 224 * 224 * 3;
const SAMPLES = join(DEMO_MODELS_DIR, 'samples');

const folder = mkdtempSync(join(tmpdir(), 'tandem-parity-'));
const paths: string[] = [];
const trained: Float32Array[] = [];
let server: Running;

async function write(name: string, image: sharp.Sharp): Promise<void> {
  paths.push(join(folder, name));
  writeFileSync(paths.at(-1)!, await image.toBuffer());
}

beforeAll(async () => {
  const sample = readFileSync(join(SAMPLES, 'weave.jpg'));
  const large = sharp(sample).resize(640, 427, { fit: 'fill' });
  for (const name of readdirSync(SAMPLES)) paths.push(join(SAMPLES, name));
  await write('large.jpg', large.clone().jpeg());
  await write('small.png', sharp(sample).resize(90, 130, { fit: 'fill' }).png());
  await write('turned.jpg', large.clone().withMetadata({ orientation: 6 }).jpeg());
  await write('lossy.webp', large.clone().webp());
  await write('cmyk.jpg', large.clone().toColourspace('cmyk').jpeg());
  await write('grey.png', large.clone().toColourspace('b-w').png());
  await write('deep.png', large.clone().toColourspace('rgb16').png());
  await write('clear.png', large.clone().ensureAlpha(0.5).png());
  await write('wide.png', large.clone().withIccProfile('p3').png());
  const pipeline = openInputPipeline({
    items: paths.map((path) => ({ path, label: 0 })),
    batchSize: paths.length,
    seed: 1,
    workers: 1,
    shuffle: false,
  });
  for await (const { images, size } of pipeline.epoch(0)) {
    for (let i = 0; i < size; i++) trained.push(images.slice(i * IMAGE_SIZE, (i + 1) * IMAGE_SIZE));
  }
  await pipeline.close();
  server = await startServer({ models: ['latency'] }, 20_000, {
    workerScript: join(__dirname, '../../support/echo-worker.ts'),
  });
  await server.ready;
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

test('the service decodes golden images as training does, and gives the same top class', async () => {
  const engine = await loadEngine({
    kind: 'onnxruntime',
    precision: 'fp32',
    modelDir: join(DEMO_MODELS_DIR, 'latency'),
    threads: 1,
    onnxCacheDir: DEMO_GRAPHS,
  });
  const best = async (image: Float32Array) => {
    const probabilities = await engine.predict(image, 1);
    return probabilities.indexOf(Math.max(...probabilities));
  };
  expect(trained).toHaveLength(paths.length);
  for (const [i, path] of paths.entries()) {
    const work = { kind: 'classify', image: readFileSync(path) } as const;
    const { probabilities: served } = await server.queues.get('latency')!.run(work);
    const largest = trained[i]!.reduce((most, value, at) => Math.max(most, Math.abs(value - served[at]!)), 0);
    expect([path, served.length]).toEqual([path, IMAGE_SIZE]);
    expect(largest).toBeLessThanOrEqual(LARGEST_DIFFERENCE);
    expect(await best(served)).toBe(await best(trained[i]!));
  }
  await engine.dispose();
});
