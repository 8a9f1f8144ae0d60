/**
 * `npm start`: serves the models with the page, writes the manifests, and prints what to do next. With `--verbose` it also
 * prints classes and checksums.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { PACKAGE_ROOT } from '../files/package-root';
import { synthesize } from '../infra/main';
import { checkNodeVersion } from '../service/node-version';
import { fail, ignoreBrokenPipe } from './ending';
import { serveAndPrint } from './serving';

/**
 * Serves, writes the manifests and prints. Resolves when every model is ready.
 *
 * @param outdir folder of the manifests
 */
export async function start(outdir: string): Promise<void> {
  ignoreBrokenPipe();
  checkNodeVersion();
  const { values } = parseArgs({ options: { verbose: { type: 'boolean', default: false } } });
  await serveAndPrint({
    folders: [],
    verbose: values.verbose,
    writeManifests: () => synthesize(outdir, process.env).warnings,
  });
}

if (require.main === module) {
  start(join(PACKAGE_ROOT, 'dist')).catch(fail);
}
