/**
 * The confusion matrix as a Markdown table.
 */
import { escapeMarkdown, table } from '../../charts/markdown';
import type { Evaluation } from '../evaluation/evaluation';

/** A matrix of more classes cannot be read. */
const MAX_MATRIX_CLASSES = 20;
/** Confusions to list instead. */
const MAX_CONFUSIONS = 20;

/** The whole matrix of a few classes; of many, the confusions that happened most often. */
export function confusionTable(confusion: Evaluation['confusion'], classes: readonly string[]): string {
  const names = classes.map(escapeMarkdown);
  if (classes.length > MAX_MATRIX_CLASSES) return commonestConfusions(confusion, names);
  const matrix = table(
    ['', ...names],
    confusion.map((row, i) => [`**${names[i]!}**`, ...row]),
  );
  return `Confusion matrix (rows: true class; columns: predicted class):\n\n${matrix}`;
}

function commonestConfusions(confusion: Evaluation['confusion'], names: readonly string[]): string {
  const mistakes = confusion
    .flatMap((row, i) => row.map((images, j) => ({ i, j, images })))
    .filter(({ i, j, images }) => i !== j && images > 0)
    .sort((a, b) => b.images - a.images);
  if (mistakes.length === 0) return 'No class was taken for another.';
  const shown = mistakes.slice(0, MAX_CONFUSIONS);
  const rows = shown.map(({ i, j, images }) => [names[i]!, names[j]!, images]);
  return `The ${shown.length} most common of ${mistakes.length} confusions:\n\n${table(['true class', 'predicted class', 'images'], rows)}`;
}
