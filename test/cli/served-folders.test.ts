import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { servedFolders } from '../../cli/served-folders';
import { copyWithoutBase, DEMO_MODELS_DIR } from '../../models/weights/saved-model';

const LATENCY = join(DEMO_MODELS_DIR, 'latency');
const root = mkdtempSync(join(tmpdir(), 'tandem-served-'));
afterAll(() => rmSync(root, { recursive: true }));

const pairsOf = (...texts: string[]) => [...servedFolders(texts)];

test('a folder is served under its model’s own name, or under the name before =', () => {
  expect(pairsOf(relative(process.cwd(), LATENCY))).toEqual([['latency', LATENCY]]);
  expect(pairsOf(LATENCY, `flowers=${LATENCY}`)).toEqual([
    ['latency', LATENCY],
    ['flowers', LATENCY],
  ]);
});

test('a folder with = in its path stays a folder', () => {
  const folder = join(root, 'rate=2');
  copyWithoutBase(LATENCY, folder);
  expect(pairsOf(folder)).toEqual([['latency', folder]]);
  expect(pairsOf(`flowers=${folder}`)).toEqual([['flowers', folder]]);
});

test.each<[string[], string]>([
  [
    [LATENCY, LATENCY],
    `the models must have different names, received latency for both ${LATENCY} and ${LATENCY}: serve one of them under another name, as NAME=FOLDER`,
  ],
  [
    [`Flowers=${LATENCY}`],
    `the name before = must be at most 63 of a-z, 0-9 and -, not starting or ending with -, and not stats or none, received Flowers=${LATENCY}`,
  ],
  [[`flowers=${root}`], `${join(root, 'model.json')} is not there`],
])('%j is refused with the remedy', (texts, message) => {
  expect(() => servedFolders(texts)).toThrow(message);
});
