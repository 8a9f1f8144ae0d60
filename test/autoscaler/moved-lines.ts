/** Compares the source lines that an explanation names with Kubernetes' source. Pure. */
import { SOURCE_LINES } from '../../bench/adviser/source-lines';

/**
 * The rules whose line has other words, each with where its words stand now.
 *
 * @param textOf text of a file below `pkg/controller/podautoscaler/`
 */
export function movedLines(textOf: (file: string) => string): string[] {
  return Object.entries(SOURCE_LINES).flatMap(([rule, [file, line, words]]) => {
    const lines = textOf(file).split('\n');
    if (lines[line - 1]?.includes(words)) return [];
    const now = lines.flatMap((text, i) => (text.includes(words) ? [i + 1] : []));
    const where = now.length === 0 ? 'in no line' : `in ${now.join(', ')}`;
    return [
      `${rule}: ${file}:${line} must have "${words}", which is ${where}: correct bench/adviser/source-lines.ts`,
    ];
  });
}
