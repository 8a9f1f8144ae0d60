import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import sharp from 'sharp';

import { type Dataset, readDataset } from '../../../models/data/dataset';
import { measuredSplit } from '../../../models/report/measured-images';
import { type Shape, SHAPES } from './shapes';

const root = mkdtempSync(join(tmpdir(), 'tandem-shapes-'));
afterAll(() => rmSync(root, { recursive: true }));

/** An image of one colour; images of different numbers differ. */
const image = (number: number): Promise<Buffer> =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 9 * number, g: 99, b: 0 } } })
    .png()
    .toBuffer();

async function write({ files }: Shape, name: string): Promise<string> {
  const folder = join(root, name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content === null ? 'no image' : await image(content));
  }
  return folder;
}

/** Where the splits of a training come from. */
function usedSplits({ splitBy, splits }: Dataset): string {
  if (splitBy !== 'folders') return 'seed';
  if (splits.test.length === 0) return 'untested';
  return splits.val.some(({ path }) => path.includes('/train/')) ? 'drawn' : 'folders';
}

/** What happens, or the message of the error. */
const outcomeOf = (work: Promise<string>) => work.catch((error: unknown) => (error as Error).message);
const expected = (outcome: Shape['train'] | Shape['evaluate']): unknown =>
  typeof outcome === 'string' ? outcome : expect.stringContaining(outcome.refused);

test.each(SHAPES.map((shape, i) => [shape.holds, shape, String(i)] as const))(
  '%s: training and measuring do what docs/training.md says',
  async (_, shape, name) => {
    const folder = await write(shape, name);
    const train = readDataset(folder, { draw: { seed: 1 } });
    expect(await outcomeOf(train.then(usedSplits))).toEqual(expected(shape.train));
    const measure = readDataset(folder, { draw: () => undefined, use: 'measure' });
    expect(await outcomeOf(measure.then(measuredSplit))).toEqual(expected(shape.evaluate));
  },
);
