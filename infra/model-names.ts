/**
 * Which models the variants serve. Pure functions.
 */
import { checkText } from './construct/text-forms';
import { type Variant, VARIANTS } from './variants';

/** Name of the model that the variants of a recipe serve, by the recipe. */
export type ModelNames = Readonly<Record<string, string>>;

const RECIPES: readonly string[] = [...new Set(VARIANTS.map(({ model }) => model))];

/** Refuses a recipe that no variant follows, and the name of a model that the service would refuse. */
export function checkModelNames(label: string, models: ModelNames): void {
  for (const [recipe, model] of Object.entries(models)) {
    if (!RECIPES.includes(recipe))
      throw new Error(
        `${label} must be pairs of a recipe (${RECIPES.join(', ')}) and the name of a model, such as ` +
          `latency=flowers, received ${recipe}`,
      );
    checkText(`${label}: ${recipe}`, 'model', model);
  }
}

/** The model that a variant serves: without a name for its recipe, the recipe's own, as the demo models have. */
export const servedModel = ({ model }: Pick<Variant, 'model'>, models: ModelNames = {}): string =>
  models[model] ?? model;

/** The settings of one variant: with its name and the model that it serves. */
export const settingsOf = <S extends { readonly models?: ModelNames }>(
  settings: S,
  variant: Pick<Variant, 'name' | 'model'>,
): S & { readonly name: string; readonly model: string } => ({
  ...settings,
  name: variant.name,
  model: servedModel(variant, settings.models),
});
