/**
 * Markdown: tables, code, and names that must not be read as Markdown.
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

/** Text as inline code. */
export const code = (text: string): string => `\`${text}\``;

/** Lines as a block of code. @param language for the colours of the syntax. @default none */
export const fenced = (lines: readonly string[], language = ''): string =>
  [`\`\`\`${language}`, ...lines, '```'].join('\n');
