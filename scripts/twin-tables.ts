/**
 * Simulates every recorded run, and the reference's variants, with the twin: fills its tables in docs/twin.md and
 * docs/experiment.md and draws its chart: `npm run validate:twin`. With `-- --check` it writes nothing and fails if a file
 * would change.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { latencyBound } from '../bench/adviser/bounds';
import { type Frontier, frontierOf } from '../bench/adviser/frontier';
import { frontierChart } from '../bench/adviser/frontier-chart';
import { findingsList, frontierTable } from '../bench/adviser/frontier-tables';
import { validate, type Validation } from '../bench/adviser/validation';
import {
  boundsTable,
  hpasTable,
  NO_DATA,
  profilesTable,
  ratesTable,
  validationSummary,
} from '../bench/adviser/validation-tables';
import { readEvidence } from '../bench/evidence/evidence';
import { BAND_SEEDS } from '../bench/twin/bands';
import { withTables } from './docs-tables';
import { ROOT } from './documents';
import { asksToCheck, titleOf, writeStale } from './stale-files';

export const COMMAND = 'npm run validate:twin';
const DATA = 'docs/experiment/data';
const CHART = 'docs/twin/variants.svg';
const CHART_FROM_PAGE = 'twin/variants.svg';

/** What the twin says of the recordings. */
export interface TwinFigures {
  readonly validation: Validation;
  /** Undefined where no model has a profile. */
  readonly frontier?: Frontier;
}

const chartOf = ({ validation, frontier }: TwinFigures) =>
  frontier && frontierChart(frontier, validation.profiles[0]!.machine);

/** The parts of each page by the name in their markers. */
export const partsOf = (
  figures: TwinFigures,
): Readonly<Record<string, Readonly<Record<string, () => string>>>> => {
  const { validation, frontier } = figures;
  const chart = chartOf(figures);
  return {
    'docs/twin.md': {
      summary: () => validationSummary(validation),
      profiles: () => profilesTable(validation),
      rates: () => ratesTable(validation),
      hpas: () => hpasTable(validation),
      bounds: () => boundsTable(validation),
    },
    'docs/experiment.md': {
      variants: () => (chart === undefined ? NO_DATA : `![${titleOf(chart)}](${CHART_FROM_PAGE})`),
      'variants-table': () => (frontier === undefined ? NO_DATA : frontierTable(frontier)),
      'variants-figures': () => (frontier === undefined ? NO_DATA : findingsList(frontier)),
    },
  };
};

/** What the twin says of the recordings of this project. */
export function twinFigures(): TwinFigures {
  const validation = validate(readEvidence(join(ROOT, DATA)), BAND_SEEDS);
  const { profiles } = validation;
  return {
    validation,
    ...(profiles.length > 0 && { frontier: frontierOf(profiles, latencyBound(validation)) }),
  };
}

/** The files that do not agree with the figures, and what they should hold. */
export function staleFiles(figures: TwinFigures): Map<string, string> {
  const now = (path: string) => (existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : '');
  const chart = chartOf(figures);
  const wanted = [
    ...Object.entries(partsOf(figures)).map(
      ([page, parts]) => [page, withTables(now(page), parts, COMMAND)] as const,
    ),
    ...(chart === undefined ? [] : [[CHART, chart] as const]),
  ];
  return new Map(wanted.filter(([path, text]) => now(path) !== text));
}

function main(isCheck: boolean): void {
  const figures = twinFigures();
  console.log(validationSummary(figures.validation));
  writeStale(staleFiles(figures), { data: `${DATA}/`, command: COMMAND, isCheck });
}

if (require.main === module) main(asksToCheck(__filename));
