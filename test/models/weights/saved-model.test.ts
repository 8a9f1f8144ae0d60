import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { decodeSafetensors, encodeSafetensors } from '../../../models/weights/safetensors';
import {
  copyWithoutBase,
  readChecksummed,
  readSavedModel,
  verifyChecksummed,
  writeSavedModel,
} from '../../../models/weights/saved-model';
import type { Weights } from '../../../models/weights/weights';

const root = mkdtempSync(join(tmpdir(), 'tandem-saved-'));
afterAll(() => rmSync(root, { recursive: true }));

const WEIGHTS: Weights = new Map([
  ['predictions/kernel', { shape: [4, 2], values: Float32Array.from({ length: 8 }, (_, i) => Math.sin(i)) }],
  ['predictions/bias', { shape: [2], values: Float32Array.from([0.1, -0.3]) }],
]);
const BASE = { kind: 'demo', file: '../bases/base.safetensors.gz', sha256: 'a'.repeat(64) } as const;

function write(name: string, demo: boolean): string {
  const folder = mkdtempSync(join(root, `${name}-`));
  const classes = ['left', 'right'];
  writeSavedModel(
    folder,
    { model: 'latency', architecture: 'mobilenetv2', classes, demo, base: BASE },
    WEIGHTS,
    {},
  );
  return folder;
}

test.each([
  [false, () => 'F32' as const],
  [true, (name: string) => (name.endsWith('kernel') ? ('I8' as const) : ('F32' as const))],
])('of a model with demo %s the tensors are stored as they should be', (demo, dtypeOf) => {
  const folder = write('stored', demo);
  expect(readSavedModel(folder)).toMatchObject({ demo, base: BASE });
  const stored = decodeSafetensors(readFileSync(join(folder, 'weights.safetensors')), 'stored').weights;
  expect(stored).toEqual(decodeSafetensors(encodeSafetensors(WEIGHTS, dtypeOf), 'wanted').weights);
});

test('a copy elsewhere has the same tensors and finds the same base', () => {
  const folder = write('original', true);
  const copy = join(root, 'deeper', 'still', 'copy');
  copyWithoutBase(folder, copy);
  const { base, weights } = readSavedModel(copy);
  expect(base).toEqual({ ...BASE, file: '../../../bases/base.safetensors.gz' });
  expect(weights).toEqual(readSavedModel(folder).weights);
  expect(readFileSync(join(copy, weights.file))).toEqual(readFileSync(join(folder, weights.file)));
});

test.each([
  ['read', readChecksummed],
  ['only checked', verifyChecksummed],
] as const)('weights that are %s are refused if they are damaged or missing', (_, use) => {
  const folder = write('named', false);
  const { weights } = readSavedModel(folder);
  const file = join(folder, weights.file);
  expect(() => use(folder, weights)).not.toThrow();
  writeFileSync(file, 'other bytes');
  expect(() => use(folder, weights)).toThrow(`${file} must have SHA-256 ${weights.sha256}, received `);
  rmSync(file);
  expect(() => use(folder, weights)).toThrow(
    `${file} is not there, and ${join(folder, 'model.json')} names it`,
  );
});

test.each(['Latency', 'stats', ''])(
  'a manifest with the name %j is refused with the form of a name',
  (model) => {
    const folder = write('named', true);
    const file = join(folder, 'model.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), model }));
    expect(() => readSavedModel(folder)).toThrow(
      `${file}: model must be at most 63 of a-z, 0-9 and -, not starting or ending with -, and not stats or none, received ${JSON.stringify(model)}`,
    );
  },
);

const SUM = 'b'.repeat(64);
test.each([
  ['weights.file', 'a file name', { weights: { file: '../weights.safetensors', sha256: SUM } }],
  ['weights.file', 'a file name', { weights: { file: '..', sha256: SUM } }],
  ['weights.file', 'a file name', { weights: { file: '', sha256: SUM } }],
  ['weights.file', 'a file name', { weights: undefined }],
  ['weights.sha256', '64 lower-case hexadecimal digits', { weights: { file: 'a', sha256: 'B'.repeat(64) } }],
  ['weights.sha256', '64 lower-case hexadecimal digits', { weights: { file: 'a' } }],
  ['classes', 'a list of at least two different names', { classes: ['left', 'left'] }],
  ['base.file', 'a file name', { base: { ...BASE, kind: 'imagenet', file: '..' } }],
])('a manifest whose %s is not %s is refused: %j', (field, expected, changes) => {
  const folder = write('changed', false);
  const file = join(folder, 'model.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...changes }));
  expect(() => readSavedModel(folder)).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      message: expect.stringContaining(`${file}: ${field} must be ${expected}, received `),
    }),
  );
});

test('a manifest that is missing or damaged is named, with what to do', () => {
  const folder = mkdtempSync(join(root, 'broken-'));
  const file = join(folder, 'model.json');
  expect(() => readSavedModel(folder)).toThrow(
    `${file} is not there: name a folder that \`tandem train\` wrote`,
  );
  writeFileSync(file, '{"format": "tand');
  expect(() => readSavedModel(folder)).toThrow(`${file} must be JSON: it is damaged; copy it again`);
  for (const text of ['null', '[]', '7', '"text"']) {
    writeFileSync(file, text);
    expect(() => readSavedModel(folder)).toThrow(
      `${file}: format must be "tandem-saved-model", received undefined`,
    );
  }
});
