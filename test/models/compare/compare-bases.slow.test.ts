import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';

import { compareBases, COMPARISON_FILES } from '../../../models/compare/compare-bases';
import { CANDIDATES } from '../../../models/compare/candidates';
import type { FoundWeights } from '../../../models/compare/find-weights';
import { factsOf } from '../../../models/compare/measure-base';
import { type MeasureOptions, WORK_FOLDER } from '../../../models/compare/measure-graph';
import { EXPORTER_VERSION } from '../../../models/engines/onnxruntime/graph-cache';
import { readSavedModel } from '../../../models/weights/saved-model';

// Jest's typed arrays are not those of tfjs-node (tensorflow/tfjs#7175); the plain backend can train a head too.
jest.mock('../../../models/engines/tfjs', () => ({ hasTfjsNode: () => false }));
// Its process is tested alone.
jest.mock('../../../models/compare/cost', () => ({
  measureCost: () => Promise.resolve({ cpuMs: 8, memoryBytes: 2 ** 24, runs: 20 }),
}));

const root = mkdtempSync(join(tmpdir(), 'tandem-bases-'));
const data = join(root, 'images');
const out = join(root, 'out');
afterAll(() => rmSync(root, { recursive: true }));

/** Images of each class in each split. */
const PER_CLASS = { train: 5, val: 1, test: 2 };

beforeAll(async () => {
  let grey = 0;
  for (const [split, count] of Object.entries(PER_CLASS)) {
    for (const name of ['dark', 'light']) {
      const folder = join(data, split, name);
      mkdirSync(folder, { recursive: true });
      for (let i = 0; i < count; i++) {
        const background = { r: (grey += 9), g: name === 'dark' ? 20 : 220, b: 0 };
        const create = { width: 32, height: 32, channels: 3, background } as const;
        await sharp({ create })
          .png()
          .toFile(join(folder, `${i}.png`));
      }
    }
  }
});

/** Compares the demo's small base at both sizes. */
async function compare(onWork: () => void = () => undefined) {
  const notes: string[] = [];
  const compared = await compareBases(
    {
      ...{ data, out, files: [], bases: ['mobilenetv2', 'mobilenetv2-160'], download: false, seed: 1 },
      ...{ allowLeakage: false, threads: 1 },
    },
    { note: (sentence) => notes.push(sentence), onCount: () => undefined, onWork },
  );
  return { ...compared, notes };
}

/** What a comparison keeps, with the times of its last changes. */
const kept = () =>
  readdirSync(join(out, WORK_FOLDER))
    .filter((name) => /\.(features|json)$/.test(name))
    .map((name) => [name, statSync(join(out, WORK_FOLDER, name)).mtimeMs]);

test('bases are compared, and a comparison that was stopped goes on', async () => {
  let steps = 0;
  const stopped = compare(() => {
    if (++steps === 5) throw new Error('stopped');
  });
  await expect(stopped).rejects.toThrow('stopped');

  const { document, notes } = await compare();
  expect(notes.some((sentence) => sentence.startsWith('mobilenetv2: no ImageNet weights here'))).toBe(true);
  expect(document.rows.map(({ id, precision }) => `${id} ${precision}`).sort()).toEqual([
    'mobilenetv2 fp32',
    'mobilenetv2 int8',
    'mobilenetv2-160 fp32',
    'mobilenetv2-160 int8',
  ]);
  expect(document.data).toMatchObject({ trainImages: 10, measuredImages: 4 });
  const fp32 = document.rows.find(({ id, precision }) => id === 'mobilenetv2' && precision === 'fp32')!;
  // One green value tells the classes apart.
  expect(fp32.accuracy).toBe(1);
  expect(readSavedModel(join(out, 'bases', 'mobilenetv2'))).toMatchObject({
    ...{ architecture: 'mobilenetv2', preprocessing: 'zero-to-one', base: { kind: 'demo' } },
  });
  expect(readdirSync(join(out, 'bases'))).toEqual(['mobilenetv2']);
  expect(JSON.parse(readFileSync(join(out, COMPARISON_FILES.figures), 'utf8'))).toEqual(document);
  const text = readFileSync(join(out, COMPARISON_FILES.text), 'utf8');
  expect(text).toContain('| MobileNetV2 | demo, no photographs | 224 | int8 |');

  const before = kept();
  expect((await compare()).document).toEqual(document);
  expect(kept()).toEqual(before);
}, 120_000);

test('what decides the figures includes the version of exporter and quantizer', () => {
  const [candidate] = CANDIDATES;
  const found = { preprocessing: 'zero-to-one', weights: 'demo' } as FoundWeights;
  const dataset = { classes: ['dark', 'light'], splitSha256: { train: 'a' }, sha256: 'b' };
  const options = { dataset, items: [], seed: 1 } as unknown as MeasureOptions;
  const facts = factsOf(candidate!, found, { kind: 'seed', seed: 1 }, options);
  expect(facts.measured).toMatchObject({ ...facts.head, exporter: EXPORTER_VERSION });
});
