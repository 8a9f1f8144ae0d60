import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readDataset } from '../../../models/data/dataset';
import { decodePixels, MAX_TRAINING_PIXELS } from '../../../models/data/decode';
import { drawTask } from '../../../models/demo/image-set';
import { TEST_SPLIT, TRAIN_SPLIT, VALIDATION_SPLIT, writeSplit } from '../../../models/demo/splits';
import { TASKS } from '../../../models/demo/surfaces';

const folder = mkdtempSync(join(tmpdir(), 'tandem-splits-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a written split is read back with the drawn pixels and the task’s classes and labels', async () => {
  const splits = [TRAIN_SPLIT, VALIDATION_SPLIT, TEST_SPLIT].map((split) => ({
    ...split,
    perClass: 2,
  }));
  for (const split of splits) await writeSplit(folder, split);
  const dataset = await readDataset(folder, { draw: { seed: 1 } });
  expect(dataset).toMatchObject({ classes: TASKS.transfer, splitBy: 'folders', skipped: [], warnings: [] });
  for (const [i, name] of (['train', 'val', 'test'] as const).entries()) {
    const drawn = drawTask('transfer', splits[i]!);
    const read = dataset.splits[name];
    expect(read.map(({ label }) => label)).toEqual(drawn.map(({ label }) => label));
    for (const [k, { path }] of read.entries()) {
      const pixels = await decodePixels(await readFile(path), MAX_TRAINING_PIXELS);
      expect(Buffer.from(pixels).equals(Buffer.from(drawn[k]!.pixels))).toBe(true);
    }
  }
});
