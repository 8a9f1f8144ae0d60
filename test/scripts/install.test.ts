import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/**
 * onnxruntime-node's install script downloads CUDA, and fails where it cannot; @scarf/scarf's, which swagger-ui-dist brings
 * along, reports the installation to a server. npm runs no install script of a package that the lock file does not mark as
 * having one; `npm install` writes the mark again.
 */
test.each(['onnxruntime-node', '@scarf/scarf'])(
  'package-lock.json does not mark %s as having an install script',
  (name) => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version?: string; hasInstallScript?: true }>;
    };
    const locked = packages[`node_modules/${name}`];
    expect(locked?.version).toBeDefined();
    expect(locked?.hasInstallScript).toBeUndefined();
  },
);
