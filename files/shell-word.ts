/** Quotes a word for a POSIX shell where it needs quotes. */
export const shellWord = (text: string) =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
