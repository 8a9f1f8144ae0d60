import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from '../../scripts/documents';

/** Jest starts in the test, on a busy machine. */
const TIMEOUT_MS = 120_000;

test.each([
  ['in one process', '--runInBand'],
  ['in several processes', '--maxWorkers=2'],
])(
  'files whose tests are all skipped say why, %s',
  (_how, option) => {
    const folder = mkdtempSync(join(tmpdir(), 'aloud-'));
    // No browser and no Prometheus: nothing but Node is on the PATH, and the cache is empty.
    const programs = join(folder, 'bin');
    mkdirSync(programs);
    symlinkSync(process.execPath, join(programs, 'node'));
    const { stderr } = spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/jest/bin/jest.js'),
        option,
        'test/scripts/dashboard.slow.test.ts',
        'test/service/page/picking.slow.test.ts',
      ],
      { cwd: ROOT, env: { PATH: programs, TANDEM_CACHE: folder, TMPDIR: folder }, encoding: 'utf8' },
    );
    expect(stderr).toContain('2 skipped, 0 of 2 total');
    const said = stderr.split('\n').filter((line) => line.startsWith('SKIPPED: '));
    expect(said.join('\n')).toMatch(/chromium/);
    expect(said.join('\n')).toMatch(/Prometheus/);
  },
  TIMEOUT_MS,
);
