import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { sampleImage, samplesDirOf } from '../../cli/samples';
import { copyWithoutBase, DEMO_MODELS_DIR } from '../../models/weights/saved-model';

const DEMO_SAMPLES = join(DEMO_MODELS_DIR, 'samples');
const root = mkdtempSync(join(tmpdir(), 'tandem-samples-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A copy of a demo model in a folder of its own; marked as no demo if it is not. */
function modelIn(folder: string, isDemo: boolean): string {
  const model = join(root, folder, 'flowers');
  copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), model);
  const manifest = join(model, 'model.json');
  writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), demo: isDemo }));
  return model;
}

test('samples beside a served model are used before the demo’s', () => {
  const model = modelIn('beside', true);
  const samples = join(root, 'beside', 'samples');
  mkdirSync(samples);
  copyFileSync(join(DEMO_SAMPLES, readdirSync(DEMO_SAMPLES)[0]!), join(samples, 'rose.jpg'));
  expect(samplesDirOf([join(DEMO_MODELS_DIR, 'latency'), model])).toBe(DEMO_SAMPLES);
  expect(samplesDirOf([model])).toBe(samples);
  expect(resolve(sampleImage(samples))).toBe(join(samples, 'rose.jpg'));
});

test('the demo’s samples are shown for a demo model only', () => {
  expect(samplesDirOf([modelIn('demo', true)])).toBe(DEMO_SAMPLES);
  const none = samplesDirOf([modelIn('own', false)]);
  expect(none).toBe(join(root, 'own', 'samples'));
  // A surface of the demo would mean nothing to it.
  expect(sampleImage(none)).toBe('YOUR.jpg');
  expect(resolve(sampleImage(DEMO_SAMPLES))).toMatch(/models\/demo\/samples\/\w+\.jpg$/);
});
