/**
 * Prints a model's recipe as JSON, for programs that are not TypeScript: `npx tsx bench/experiments/print-recipe.ts MODEL`.
 */
import { MODELS, modelId, RESCALE } from '../../models/catalog';
import { AUGMENTATION, RECIPES } from '../../models/recipes';

const model = modelId(process.argv[2]);
const { architecture } = MODELS[model];
console.log(
  JSON.stringify({ architecture, rescale: RESCALE, augmentation: AUGMENTATION, ...RECIPES[model] }, null, 2),
);
