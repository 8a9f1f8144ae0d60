/**
 * The seed that split a training's images, from the figures beside its model.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ModelCardFacts } from './model-facts';
import { REPORT_FILES } from './report';

/**
 * Reads the seed that decided which images the model in `folder` was trained on.
 *
 * @returns undefined where no such figures lie beside the model, or no seed split its images
 */
export function trainingSeed(folder: string): number | undefined {
  let figures: Partial<ModelCardFacts> & { readonly format?: string };
  try {
    figures = JSON.parse(readFileSync(join(folder, REPORT_FILES.figures), 'utf8')) as typeof figures;
  } catch {
    // A model is measured as well without its papers, which its copy may lack.
    return undefined;
  }
  // Older figures do not say what split the images: their seed ranked them by pixels, and gives another split today.
  return figures.format === 'tandem-evaluation' && figures.data?.splitBy === 'seed'
    ? figures.seed
    : undefined;
}
