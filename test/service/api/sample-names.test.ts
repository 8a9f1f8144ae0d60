import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sampleNames } from '../../../service/api/sample-names';

test('the first sample of each class comes before the further ones', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-samples-'));
  for (const name of ['cat.2.jpg', 'dog.jpg', 'cat.jpg', 'boeing-747.jpg', 'notes.txt'])
    writeFileSync(join(folder, name), '');
  expect(sampleNames(folder)).toEqual(['boeing-747.jpg', 'cat.jpg', 'dog.jpg', 'cat.2.jpg']);
  rmSync(folder, { recursive: true });
  expect(sampleNames(folder)).toEqual([]);
});

test('hidden files and folders are no samples, nor is a file a folder of them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-samples-'));
  for (const name of ['._weave.jpg', '.jpg', 'weave.jpg']) writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'dots.jpg'));
  expect(sampleNames(folder)).toEqual(['weave.jpg']);
  expect(sampleNames(join(folder, 'weave.jpg'))).toEqual([]);
});
