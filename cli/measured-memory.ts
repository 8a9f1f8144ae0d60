/**
 * The memory that real pods used, from the facts that `npm run docs` writes for the page.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../files/package-root';
import { type ModelNames, servedModel } from '../infra/model-names';
import type { ModelId } from '../models/catalog';

interface Facts {
  readonly deployments: readonly {
    readonly model: ModelId;
    readonly measured?: { readonly memoryBytes: number };
  }[];
}

/**
 * The most memory that any pod of each demo model used, bytes. Models that were not measured are left out.
 *
 * @param models what the variants serve instead of the demo models, which are then left out
 */
export function measuredMemory(models: ModelNames = {}): ReadonlyMap<ModelId, number> {
  const file = join(PACKAGE_ROOT, 'service', 'page', 'facts.json');
  const { deployments } = JSON.parse(readFileSync(file, 'utf8')) as Facts;
  return new Map(
    deployments.flatMap(({ model, measured }) =>
      measured === undefined || servedModel({ model }, models) !== model
        ? []
        : [[model, measured.memoryBytes]],
    ),
  );
}
