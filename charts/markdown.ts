/**
 * Small pieces of Markdown.
 */

/** A name as it is, whatever Markdown would make of it. */
export const escapeMarkdown = (name: string) =>
  name.replace(/\p{Cc}/gu, ' ').replace(/[\\`*_{}[\]<>#|~&!]/g, '\\$&');

/** A table; cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
