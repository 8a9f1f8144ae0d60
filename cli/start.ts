/**
 * `npm start`: serves the models with the page, writes the manifests, and prints what to do next. With `--verbose` it also
 * prints classes and checksums.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';

import { synthesize } from '../infra/main';
import { writtenLine } from '../infra/synth-text';
import { unknownSettingLines } from '../infra/unknown-settings';
import { imagenetModelsDir } from '../models/weights/imagenet-classifiers';
import { MANIFEST_NAME } from '../models/weights/saved-model';
import { readConfig } from '../service/config';
import { ENV } from '../service/contract';
import { checkNodeVersion } from '../service/node-version';
import { DIST, isTracked } from './dist-folder';
import { fail, ignoreBrokenPipe } from './ending';
import { serveAndPrint } from './serving';
import type { WrittenManifests } from './start-text';

/**
 * The folder of the models that `tandem pull imagenet` made, if it has every model to serve and MODELS_DIR names no other.
 */
export function pulledModelsDir(environment: NodeJS.ProcessEnv): string | undefined {
  if (environment[ENV.modelsDir]) return undefined;
  const folder = imagenetModelsDir(environment);
  const { models } = readConfig(environment);
  return models.every((model) => existsSync(join(folder, model, MANIFEST_NAME))) ? folder : undefined;
}

/** Writes the manifests into a folder. */
export function writeManifests(outdir: string, environment: NodeJS.ProcessEnv): WrittenManifests {
  const { files, changed, warnings } = synthesize(outdir, environment);
  const line = writtenLine(relative(process.cwd(), outdir), { files, changed }, isTracked(outdir));
  return { files, warnings, changeLine: changed.length === 0 ? undefined : line };
}

/**
 * Serves, writes the manifests and prints. Resolves when every model is ready.
 *
 * @param outdir folder of the manifests
 */
export async function start(outdir: string): Promise<void> {
  ignoreBrokenPipe();
  checkNodeVersion();
  const { values } = parseArgs({ options: { verbose: { type: 'boolean', default: false } } });
  for (const line of unknownSettingLines(process.env)) console.error(line);
  await serveAndPrint({
    folders: [],
    modelsDir: pulledModelsDir(process.env),
    verbose: values.verbose,
    writeManifests: () => writeManifests(outdir, process.env),
  });
}

if (require.main === module) {
  start(DIST).catch(fail);
}
