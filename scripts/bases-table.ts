/**
 * The bases that `tandem compare` compared on TrashNet: the table and the chart of docs/training.md, from the figures that it
 * wrote.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { basesChart } from '../models/compare/chart';
import {
  type BasesDocument,
  basesTable,
  choicesText,
  methodText,
  missingText,
} from '../models/compare/document';
import { ROOT } from './documents';
import { titleOf } from './stale-files';

/** A copy of `comparison.json`. */
const FIGURES_FILE = join(ROOT, 'docs/training/trashnet-bases.json');
export const BASES_CHART_FILE = join(ROOT, 'docs/training/trashnet-bases.svg');

const read = (): BasesDocument | undefined =>
  existsSync(FIGURES_FILE) ? (JSON.parse(readFileSync(FIGURES_FILE, 'utf8')) as BasesDocument) : undefined;

/** The table, the picks, how they were measured, and what is missing. */
export function basesText(): string {
  const document = read();
  if (document === undefined) return 'Not measured yet.';
  const parts = [basesTable(document), choicesText(document), methodText(document), missingText(document)];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Markdown of the chart. */
export const basesImage = (): string =>
  `![${titleOf(trashnetBasesChart() ?? '')}](training/trashnet-bases.svg)`;

/** The chart; undefined until the bases are compared. */
export function trashnetBasesChart(): string | undefined {
  const document = read();
  return document && basesChart(document);
}
