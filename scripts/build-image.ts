/**
 * `npm run image`: builds the container image with the demo models or with yours, and writes its SBOM.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

import { Command, Option } from 'commander';

import { makeFolderOf, replaceFile } from '../files/write';
import { checkText } from '../infra/construct/text-forms';
import {
  type Context,
  type Environment,
  readContext,
  readSettings,
  SETTING_VARIABLES,
} from '../infra/settings';
import { unknownSettingLines } from '../infra/unknown-settings';
import { MODEL_IDS, type ModelId, type ModelName } from '../models/catalog';
import { foldersByName } from '../models/weights/distinct-names';
import { packSavedModel } from '../models/weights/pack';
import { readSavedModel } from '../models/weights/saved-model';
import { IMAGE } from '../service/contract';
import {
  build,
  type Builder,
  BUILDERS,
  copyOut,
  findBuilder,
  imageArchitecture,
  imageSizeBytes,
  writeArchive,
} from './image-builder';

const ROOT = join(__dirname, '..');
/** Files that a build adds to its context, and its results. */
const FOLDER = join(ROOT, 'build', 'image');
const ENGINES = ['onnxruntime', 'tfjs-node'] as const;
type Engine = (typeof ENGINES)[number];

export interface ImageOptions extends Partial<Readonly<Record<ModelId, string>>> {
  /** Folders of saved models of any name. */
  readonly folders?: readonly string[];
  readonly engine: Engine;
  /** Name with a tag, as {@link imageToBuild} gives it. */
  readonly image: string;
  readonly base?: string;
  readonly builder?: Builder;
  readonly archive?: string;
}

/**
 * The folders of the given models by their names.
 *
 * @throws RangeError if an option's folder holds a model of another name, or two models have one name
 */
function foldersOf(options: ImageOptions): ReadonlyMap<ModelName, string> {
  const named = MODEL_IDS.flatMap((id) => {
    const folder = options[id];
    if (folder === undefined) return [];
    const { model } = readSavedModel(folder);
    if (model !== id)
      throw new RangeError(
        `--${id} must be a saved model of the name ${id}, received ${folder}, a model of the name ${model}: leave out --${id} and keep its folder`,
      );
    return [folder];
  });
  return foldersByName(
    [...(options.folders ?? []), ...named],
    'train one of them with another --name, or leave one out',
  );
}

/** Packs the given models into the build context; returns the build arguments that select them. */
async function packModels(options: ImageOptions): Promise<Record<string, string>> {
  const given = foldersOf(options);
  if (given.size === 0) return {};
  const packed = join(FOLDER, 'models');
  rmSync(packed, { recursive: true, force: true });
  for (const [model, folder] of given) {
    const { demo, classes } = readSavedModel(folder);
    await packSavedModel(folder, packed);
    console.log(`${model}: ${demo ? 'demo model' : 'model'} with ${classes.length} classes from ${folder}`);
  }
  return { MODELS_DIR: relative(ROOT, packed), MODELS: [...given.keys()].join(',') };
}

/** A tag ends a name: a colon before a slash belongs to the registry's port. */
const TAG = /:[^/:@]+$/;

/**
 * The name and tag of the image to build: of the option, else of the setting. Only the contract's own name gets the name of
 * an engine other than the first appended.
 *
 * @throws Error naming the option or the setting for an image with a digest or without a tag, and for what is no image
 */
export function imageToBuild(
  { image: option, engine }: { readonly image?: string; readonly engine: Engine },
  environment: Environment,
  context: Context,
): string {
  const { image } = readSettings(environment, context);
  const named = (from: string, name: string): string => {
    checkText(from, 'image', name);
    if (TAG.test(name) && !name.includes('@')) return name;
    throw new Error(
      `${from} must be a name with a tag and without a digest, which the build computes, received ${name}: ` +
        'give --image NAME:TAG',
    );
  };
  if (option !== undefined) return named('--image', option);
  if (image === IMAGE) return engine === ENGINES[0] ? IMAGE : `${IMAGE}-${engine}`;
  const variable = SETTING_VARIABLES.image;
  return named(environment[variable] ? variable : 'context image in cdk8s.yaml', image);
}

/**
 * Builds the container image and prints its name, size and files.
 *
 * @throws Error if no builder works or the build fails; RangeError naming the option
 */
export async function buildImage(options: ImageOptions): Promise<void> {
  const { engine, image, base, archive } = options;
  if (archive !== undefined) makeFolderOf(archive, '--archive');
  const builder = findBuilder(options.builder === undefined ? BUILDERS : [options.builder]);
  const buildArguments = {
    ENGINE: engine,
    ...(base === undefined ? {} : { NODE_IMAGE: base }),
    ...(await packModels(options)),
  };
  build(builder, { image, context: ROOT, buildArguments, certificates: process.env['NODE_EXTRA_CA_CERTS'] });
  mkdirSync(FOLDER, { recursive: true });
  const sbom = join(FOLDER, `${image.replace(/[^\w.-]+/g, '-')}.cdx.json`);
  copyOut(builder, image, '/app/sbom.cdx.json', sbom);
  if (archive !== undefined) replaceFile(archive, (temporary) => writeArchive(builder, image, temporary));
  const megabytes = Math.round(imageSizeBytes(builder, image) / 1e6);
  console.log(`${image}  ${megabytes} MB, built with ${builder}, serves with ${engine}`);
  const architecture = imageArchitecture(builder, image);
  console.log(
    `It runs on nodes of the architecture ${architecture}. If your cluster has others too, set ` +
      `${SETTING_VARIABLES.architectures}=${architecture} for npm run synth.`,
  );
  for (const file of [sbom, archive]) if (file !== undefined) console.log(relative(process.cwd(), file));
}

if (require.main === module) {
  const program = new Command('npm run image --')
    .description('build the container image with docker, podman or buildah; write its SBOM to build/image')
    .argument(
      '[folders...]',
      'folders of saved models to put into the container image (default: the demo models)',
    )
    .option('--accuracy <folder>', 'the same for a model of the name accuracy')
    .option('--latency <folder>', 'the same for a model of the name latency')
    .addOption(
      new Option('--engine <engine>', 'engine that runs the models')
        .env('ENGINE')
        .choices(ENGINES)
        .default(ENGINES[0]),
    )
    .option(
      '--image <name>',
      `name and tag of the container image (default: ${SETTING_VARIABLES.image} or cdk8s.yaml, as for the manifests; else ${IMAGE})`,
    )
    .addOption(new Option('--base <image>', 'base image (default: the Dockerfile’s)').env('NODE_IMAGE'))
    .addOption(
      new Option('--builder <program>', 'program that builds (default: the first that works)').choices(
        BUILDERS,
      ),
    )
    .option('--archive <file>', 'also write the container image to this file, for nodes to import')
    .addHelpText('after', '\nExample: npm run image -- trained/flowers --archive build/image/tandem.tar');
  program
    .parseAsync()
    .then(() => {
      for (const line of unknownSettingLines(process.env)) console.error(line);
      const options = program.opts<Omit<ImageOptions, 'image'> & { readonly image?: string }>();
      const image = imageToBuild(options, process.env, readContext());
      return buildImage({ ...options, image, folders: program.args });
    })
    .catch((error: unknown) => {
      console.error(`error: ${(error as Error).message}`);
      process.exit(1);
    });
}
