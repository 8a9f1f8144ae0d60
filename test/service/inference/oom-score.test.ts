import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { preferAsVictim } from '../../../service/inference/oom-score';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-oom-'));
  file = join(folder, 'oom_score_adj');
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ['0\n', '300'],
  ['-997\n', '-697'],
  ['936\n', '1000'],
])('a score of %j becomes %s', (inherited, raised) => {
  writeFileSync(file, inherited);
  preferAsVictim(file);
  expect(readFileSync(file, 'utf8')).toBe(raised);
});

test('a system without the score stays as it is', () => {
  preferAsVictim(file);
  expect(existsSync(file)).toBe(false);
});
