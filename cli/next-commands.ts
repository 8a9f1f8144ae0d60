/**
 * The commands that come next for saved models. Pure functions.
 */
import { shellWord } from '../files/shell-word';
import { SETTING_VARIABLES } from '../infra/settings';
import { type Variant, VARIANTS } from '../infra/variants';
import type { ModelId, ModelName } from '../models/catalog';

/** Serve them, classify an image with the first. */
export function tryCommands(folders: readonly string[]): string[] {
  const words = folders.map(shellWord);
  return [`npx tandem serve ${words.join(' ')}`, `npx tandem predict ${words[0]} IMAGE`];
}

/** Build their container image. */
export const imageCommand = (folders: readonly string[]): string =>
  `npm run image -- ${folders.map(shellWord).join(' ')}`;

/** A command on a line of its own. */
export const indented = (command: string): string => `  ${command}`;

/** {@link tryCommands} as lines to print. */
export const tryLines = (folders: readonly string[]): string[] => [
  'Next:',
  ...tryCommands(folders).map(indented),
];

/** The manifest of the namespace, which the settings may leave out. */
export const NAMESPACE_FILE = '00-namespace.k8s.yaml';

/** Applies one variant from `dist/`, and the namespace if that has a file there. */
export const applyCommand = ({ name }: Pick<Variant, 'name'>, hasNamespace: boolean): string =>
  ['kubectl apply', ...(hasNamespace ? [NAMESPACE_FILE] : []), `${name}.k8s.yaml`].join(' -f dist/');

/** The simplest variant of a recipe: it needs no metrics-server. */
export const singlePodOf = (recipe: ModelId): Variant =>
  VARIANTS.find(({ kind, model }) => kind === 'single-pod' && model === recipe)!;

/**
 * Write manifests whose variants of a recipe serve a model, and apply one, once the nodes have the image.
 *
 * @param hasNamespace whether the settings create the namespace
 */
export function deployCommands(recipe: ModelId, model: ModelName, hasNamespace: boolean): string[] {
  const setting = model === recipe ? '' : `${SETTING_VARIABLES.models}=${recipe}=${model} `;
  return [`${setting}npm run synth`, applyCommand(singlePodOf(recipe), hasNamespace)];
}

/** Where the documentation says how nodes get the container image. */
const IMAGE_TO_NODES = 'docs/deploying.md#get-it-to-the-nodes';

/** The same as lines to print. */
export const deployLines = (...what: Parameters<typeof deployCommands>): string[] => [
  `Then get the container image to your nodes (${IMAGE_TO_NODES}) and deploy it:`,
  ...deployCommands(...what).map(indented),
];
