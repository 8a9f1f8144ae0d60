import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../../files/package-root';
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
