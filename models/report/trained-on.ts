/**
 * The data that a model was trained on, read from the figures beside it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { REPORT_FILES } from '../report-files';
import type { ModelCardFacts } from './model-facts';

/** What decided which images trained a model. */
export interface TrainedOn extends Pick<
  ModelCardFacts['data'],
  'name' | 'sha256' | 'splitBy' | 'splitShares' | 'splitSha256'
> {
  /** Folder of the model. */
  readonly folder: string;
  readonly seed: number;
}

/**
 * Reads what the model in `folder` was trained on.
 *
 * @returns undefined if the folder has no such figures
 */
export function trainedOn(folder: string): TrainedOn | undefined {
  let figures: Partial<ModelCardFacts> & { readonly format?: string };
  try {
    figures = (JSON.parse(readFileSync(join(folder, REPORT_FILES.figures), 'utf8')) ?? {}) as typeof figures;
  } catch {
    // A copy of a model may lack its figures, and can be measured without them.
    return undefined;
  }
  const { format, data, seed } = figures;
  // Figures without `splitBy` are older: their seed ranked images by pixels, and would give another split today.
  if (format !== 'tandem-evaluation' || data?.splitBy === undefined || seed === undefined) return undefined;
  const { name, sha256, splitBy, splitShares, splitSha256 } = data;
  return {
    ...{ folder, seed, name, sha256, splitBy },
    ...(splitShares === undefined ? {} : { splitShares }),
    ...(splitSha256 === undefined ? {} : { splitSha256 }),
  };
}
