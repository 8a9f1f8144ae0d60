/**
 * `npm run image`: builds the image, with the embedded models or one's own, and writes its SBOM beside it.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

import { Command, Option } from 'commander';

import { readContext, readSettings, SETTING_VARIABLES } from '../infra/settings';
import { MODEL_IDS, type ModelId } from '../models/catalog';
import { packSavedModel } from '../models/weights/pack';
import { readSavedModel } from '../models/weights/saved-model';
import { IMAGE } from '../service/contract';
import {
  build,
  type Builder,
  BUILDERS,
  copyOut,
  findBuilder,
  imageSizeBytes,
  writeArchive,
} from './image-builder';

const ROOT = join(__dirname, '..');
/** What goes into the image from outside the repository's own files, and what comes of a build. */
const FOLDER = join(ROOT, 'build', 'image');
const ENGINES = ['onnxruntime', 'tfjs-node'] as const;

export interface ImageOptions extends Partial<Readonly<Record<ModelId, string>>> {
  readonly engine: (typeof ENGINES)[number];
  /** @default the contract's, with the engine's name where that is not the first */
  readonly image?: string;
  readonly base?: string;
  readonly builder?: Builder;
  readonly archive?: string;
}

/** Packs one's own models into the build's context; the build arguments that say so. */
async function packOwn(options: ImageOptions): Promise<Record<string, string>> {
  const own = MODEL_IDS.filter((id) => options[id] !== undefined);
  if (own.length === 0) return {};
  const folder = join(FOLDER, 'models');
  rmSync(folder, { recursive: true, force: true });
  for (const id of own) {
    const { model, demo, classes } = readSavedModel(options[id]!);
    if (model !== id)
      throw new RangeError(`--${id} must be a model trained as ${id}, received ${model}: ${options[id]}`);
    await packSavedModel(options[id]!, folder);
    console.log(`${id}: ${demo ? 'demo model' : 'model'} of ${classes.length} classes from ${options[id]}`);
  }
  return { MODELS_DIR: relative(ROOT, folder), MODELS: own.join(',') };
}

/** Builds the image as the options say. */
export async function buildImage(options: ImageOptions): Promise<void> {
  const { engine, base, archive } = options;
  const image = options.image ?? (engine === ENGINES[0] ? IMAGE : `${IMAGE}-${engine}`);
  if (image.includes('@')) {
    throw new RangeError(
      `--image must be a name with a tag, since building makes the digest, received ${image}`,
    );
  }
  const builder = findBuilder(options.builder === undefined ? BUILDERS : [options.builder]);
  const buildArguments = {
    ENGINE: engine,
    ...(base === undefined ? {} : { NODE_IMAGE: base }),
    ...(await packOwn(options)),
  };
  build(builder, { image, context: ROOT, buildArguments, certificates: process.env['NODE_EXTRA_CA_CERTS'] });
  mkdirSync(FOLDER, { recursive: true });
  const sbom = join(FOLDER, `${image.replace(/[^\w.-]+/g, '-')}.cdx.json`);
  copyOut(builder, image, '/app/sbom.cdx.json', sbom);
  if (archive !== undefined) {
    rmSync(archive, { force: true });
    writeArchive(builder, image, archive);
  }
  const megabytes = Math.round(imageSizeBytes(builder, image) / 1e6);
  console.log(`${image}  ${megabytes} MB, built by ${builder}, serves with ${engine}`);
  for (const file of [sbom, archive]) if (file !== undefined) console.log(relative(process.cwd(), file));
}

if (require.main === module) {
  const program = new Command('npm run image --')
    .description('build the image with docker, podman or buildah, and write its SBOM into build/image')
    .option(
      '--accuracy <folder>',
      'a saved model of yours instead of the demo’s; what is not given is left out',
    )
    .option('--latency <folder>', 'likewise')
    .addOption(
      new Option('--engine <engine>', 'what it serves with')
        .env('ENGINE')
        .choices(ENGINES)
        .default(ENGINES[0]),
    )
    .option(
      '--image <name>',
      `its name (default: the manifests’, by ${SETTING_VARIABLES.image} or cdk8s.yaml, else "${IMAGE}")`,
    )
    .addOption(
      new Option('--base <image>', 'the image it starts from (default: the Dockerfile’s)').env('NODE_IMAGE'),
    )
    .addOption(
      new Option('--builder <program>', 'what builds it (default: the first that works)').choices(BUILDERS),
    )
    .option('--archive <file>', 'also write it to a file, for nodes to import')
    .addHelpText(
      'after',
      '\nExample: npm run image -- --latency build/models/latency --archive build/image/tandem.tar',
    );
  program
    .parseAsync()
    .then(() => {
      const { image } = readSettings(process.env, readContext());
      // The default's name says the engine, one that was chosen does not.
      return buildImage({ ...(image === IMAGE ? {} : { image }), ...program.opts<ImageOptions>() });
    })
    .catch((error: unknown) => {
      console.error((error as Error).message);
      process.exit(1);
    });
}
