/**
 * The confusion matrix as a Markdown table.
 */
import { escapeMarkdown, table } from '../../charts/markdown';
import type { Evaluation } from '../evaluation/evaluation';

/** A table of counts: a row per true class, a column per predicted class. */
export function confusionTable(confusion: Evaluation['confusion'], classes: readonly string[]): string {
  const names = classes.map(escapeMarkdown);
  return table(
    ['', ...names],
    confusion.map((row, i) => [`**${names[i]!}**`, ...row]),
  );
}
