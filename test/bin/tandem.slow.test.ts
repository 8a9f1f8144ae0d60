import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

test('a checkout without its packages says in one line what to run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-incomplete-'));
  try {
    for (const name of ['bin', 'cli']) mkdirSync(join(folder, name));
    copyFileSync(join(__dirname, '..', '..', 'bin', 'tandem.cjs'), join(folder, 'bin', 'tandem.cjs'));
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'bin', 'tandem.cjs'), 'fit'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe("error: node_modules is incomplete: run npm ci (Cannot find module 'tsx/cjs')\n");
    expect(status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
