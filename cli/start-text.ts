/**
 * What `npm start` prints. Pure functions.
 */
import { shellWord } from '../files/shell-word';
import { HOST_ALL, PATHS } from '../service/contract';
import type { LoadedModel } from '../service/inference/protocol';
import type { TestAccuracy } from '../service/api/evaluation';
import type { FitWarning } from '../infra/fit/fit-text';
import { listed, variantsOf } from '../infra/synth-text';
import { VARIANTS } from '../infra/variants';
import { percent } from '../charts/percent';
import { applyCommand, NAMESPACE_FILE } from './next-commands';

/** Where to open the service: by its name for the loopback and for all interfaces, else by its address. */
export function urlOf(host: string | undefined, port: number): string {
  const isLocal = host === undefined || HOST_ALL.includes(host) || ['127.0.0.1', '::1'].includes(host);
  const name = isLocal ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** Prints the first API key of a file as `service/http/api-key.ts` reads it: other lines may be blank, and end as on Windows. */
const FIRST_KEY = "LC_ALL=C grep -m 1 -oE '[[:graph:]]+'";

/** The command that classifies an image, with the first API key of a file. */
export function curlCommand(url: string, model: string, image: string, apiKeyFile?: string): string {
  const key =
    apiKeyFile === undefined ? '' : ` -H "authorization: Bearer $(${FIRST_KEY} ${shellWord(apiKeyFile)})"`;
  const target = shellWord(`${url}/v1/classify?model=${model}`);
  return `curl --data-binary @${shellWord(image)} -H 'content-type: image/jpeg'${key} ${target}`;
}

/** A model in one line. */
function modelLine(
  model: string,
  { architecture, engine, engineVersion, precision, demo, classes }: LoadedModel,
  accuracy?: TestAccuracy,
): string {
  const measured =
    accuracy === undefined
      ? []
      : [
          `${percent(accuracy.share)} of ${accuracy.images} held-out images right (measured at ${accuracy.precision})`,
        ];
  return [
    `${model}: ${architecture} on ${engine} ${engineVersion}, ${precision}`,
    `${classes.length} classes`,
    ...measured,
    ...(demo ? ['a demo: its answer to a photograph means nothing'] : []),
  ].join('; ');
}

/** Names the variants whose pods do not all fit the reference's cluster. */
function fitLine(warnings: readonly FitWarning[]): string | undefined {
  const variants = variantsOf(warnings);
  if (variants.length === 0) return undefined;
  return `Some pods of ${listed(variants)} do not fit the reference’s cluster: run npx tandem fit`;
}

/** A model that is ready. */
export interface ReadyModel {
  readonly model: string;
  readonly loaded: LoadedModel;
  readonly accuracy: TestAccuracy | undefined;
  /** Why it runs at fp32; undefined if it does not, or that was asked for. */
  readonly fp32Reason?: string | undefined;
}

/** What became of the manifests. */
export interface WrittenManifests {
  /** Names of the files. */
  readonly files: readonly string[];
  /** A line on files that were there before with other contents or are removed; undefined if there are none. */
  readonly changeLine: string | undefined;
  readonly warnings: readonly FitWarning[];
}

/** What {@link readyLines} prints. */
export interface ReadyFacts {
  readonly url: string;
  readonly seconds: string;
  readonly models: readonly ReadyModel[];
  /** Path of an image to classify. */
  readonly image: string;
  readonly apiKeyFile: string | undefined;
  /** Undefined if no manifests were written. */
  readonly manifests: Pick<WrittenManifests, 'files' | 'warnings'> | undefined;
  /** Whether to print classes and checksums. */
  readonly verbose: boolean;
}

const detailsOf = ({ classes, sha256, files }: LoadedModel): string[] => [
  `    classes: ${classes.join(', ')}`,
  `    saved model: SHA-256 ${sha256}`,
  ...files.map((each) => `    ${each.file}: SHA-256 ${each.sha256}`),
];

/** How to deploy a served model; nothing if no variant serves one of them. */
function deployLines(
  models: readonly ReadyModel[],
  { files, warnings }: NonNullable<ReadyFacts['manifests']>,
): string[] {
  const isServed = (name: string) => models.some(({ model }) => model === name);
  const variant = VARIANTS.findLast(({ kind, model }) => kind === 'single-pod' && isServed(model));
  if (variant === undefined) return [];
  const fits = fitLine(warnings);
  return [
    `Deploy one of the ${VARIANTS.length} variants in dist/; your nodes need the container image first (docs/deploying.md#the-container-image):`,
    '  npm run image',
    `  ${applyCommand(variant, files.includes(NAMESPACE_FILE))}`,
    ...(fits === undefined ? [] : [`  ${fits}`]),
  ];
}

/** The lines once every model is ready. */
export function readyLines(facts: ReadyFacts): string[] {
  const { url, seconds, models, image, apiKeyFile, manifests, verbose } = facts;
  return [
    `Ready after ${seconds} s:`,
    ...models.flatMap(({ model, loaded, accuracy, fp32Reason }) => [
      `  ${modelLine(model, loaded, accuracy)}`,
      ...(fp32Reason === undefined ? [] : [`    ${fp32Reason}`]),
      ...(verbose ? detailsOf(loaded) : []),
    ]),
    models.some(({ loaded }) => loaded.demo)
      ? 'Classify an image; for photographs, run npx tandem pull imagenet first:'
      : 'Classify an image:',
    `  ${curlCommand(url, models[0]!.model, image, apiKeyFile)}`,
    `Read and try the API at ${url}${PATHS.docs}`,
    ...(manifests === undefined ? [] : deployLines(models, manifests)),
    'Stop with Ctrl-C.',
  ];
}
