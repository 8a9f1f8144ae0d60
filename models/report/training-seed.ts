/**
 * The seed of a training, read from the figures beside its saved model.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ModelCardFacts } from './model-facts';
import { REPORT_FILES } from './report';

/**
 * Reads the seed that decided which images the model in `folder` was trained on.
 *
 * @returns undefined if the folder has no such figures, or folders split the data set
 */
export function trainingSeed(folder: string): number | undefined {
  let figures: Partial<ModelCardFacts> & { readonly format?: string };
  try {
    figures = JSON.parse(readFileSync(join(folder, REPORT_FILES.figures), 'utf8')) as typeof figures;
  } catch {
    // A copy of a model may lack its figures, and can be measured without them.
    return undefined;
  }
  // Figures without `splitBy` are older: their seed ranked images by pixels, and would give another split today.
  return figures.format === 'tandem-evaluation' && figures.data?.splitBy === 'seed'
    ? figures.seed
    : undefined;
}
