/**
 * `npm start`: serves the models with the page, writes the manifests, and prints what to do next. With `--verbose` it also
 * prints classes and checksums.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';

import { synthesize } from '../infra/main';
import { writtenLine } from '../infra/synth-text';
import { unknownSettingLines } from '../infra/unknown-settings';
import { SYNTH, type Writer } from '../infra/write-manifests';
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

const HELP = `npm start

Serves the demo models, or those of npx tandem pull imagenet, with the page; writes the manifests to dist/ and prints
what to do next. Set PORT, HOST and others as variables: docs/serving.md#variables. Models of your own are served by
npx tandem serve FOLDER.

  --verbose   also print classes and checksums
  --help      this text

Example: PORT=9000 npm start -- --verbose`;

/**
 * Reads the words after `npm start --`.
 *
 * @throws Error naming the first word that means nothing here, and what to do instead
 */
export function readWords(words: readonly string[]): { readonly verbose: boolean; readonly help: boolean } {
  const refused = words.find((word) => word !== '--verbose' && word !== '--help');
  if (refused !== undefined) {
    throw new Error(
      `npm start takes --verbose only, received ${refused}: set PORT, HOST and others as variables ` +
        '(docs/serving.md#variables), and serve models of your own with npx tandem serve FOLDER',
    );
  }
  return { verbose: words.includes('--verbose'), help: words.includes('--help') };
}

/** Writes as `tandem synth` does, but always to the same folder. */
const START: Writer = {
  ...SYNTH,
  folderOption: 'dist',
  elsewhere:
    'serve with npx tandem serve FOLDER and write the manifests elsewhere with npx tandem synth --out FOLDER',
};

/** Writes the manifests into a folder. */
export function writeManifests(outdir: string, environment: NodeJS.ProcessEnv): WrittenManifests {
  const { files, changed, warnings } = synthesize(outdir, environment, [], START);
  const line = writtenLine(relative(process.cwd(), outdir), { files, changed }, isTracked(outdir));
  return { files, warnings, changeLine: changed.length === 0 ? undefined : line };
}

/**
 * Serves, writes the manifests and prints; or prints its help. Resolves when every model is ready.
 *
 * @param outdir folder of the manifests
 */
export async function start(outdir: string): Promise<void> {
  ignoreBrokenPipe();
  checkNodeVersion();
  const { verbose, help } = readWords(process.argv.slice(2));
  if (help) {
    console.log(HELP);
    return;
  }
  for (const line of unknownSettingLines(process.env)) console.error(line);
  await serveAndPrint({
    folders: [],
    modelsDir: pulledModelsDir(process.env),
    verbose,
    writeManifests: () => writeManifests(outdir, process.env),
  });
}

if (require.main === module) {
  start(DIST).catch(fail);
}
