/**
 * Markdown: tables, and names that must not be read as Markdown.
 */

/** Escapes a name so that Markdown shows it as it is; control characters become spaces. */
export const escapeMarkdown = (name: string) =>
  name.replace(/\p{Cc}/gu, ' ').replace(/[\\`*_{}[\]<>#|~&!]/g, '\\$&');

/**
 * A table.
 *
 * @param head titles of the columns
 * @param rows cells, each already Markdown
 */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
