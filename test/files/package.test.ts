import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PACKAGE_ROOT, packageRootAbove } from '../../files/package-root';
import { PACKAGE_VERSION } from '../../files/package-version';

const { name, version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
};

test('the package’s folder is the one that holds its package.json', () => {
  expect(PACKAGE_ROOT).toBe(join(__dirname, '..', '..'));
  expect(name).toBe('tandem');
});

test('the version is that of package.json', () => {
  expect(PACKAGE_VERSION).toBe(version);
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
});

test('the package’s folder is found from sources and compiled files, and a folder without package.json is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-root-'));
  try {
    mkdirSync(join(folder, 'package'));
    writeFileSync(join(folder, 'package', 'package.json'), '{}');
    const found = (...path: string[]) => packageRootAbove(join(folder, 'package', ...path));
    expect([found('files'), found('build', 'files'), found('build', 'bundle')]).toEqual(
      Array(3).fill(join(folder, 'package')),
    );
    expect(() => packageRootAbove(join(folder, 'build', 'files'))).toThrow(
      `package.json must be in ${join(folder, 'build')} or ${folder}: keep the compiled files in build/`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
