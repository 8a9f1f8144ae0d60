/** The text form of a load: its kind and fields, and the file that a trace names. Pure functions. */

/** The kind and the fields of a load's text form. */
export function splitLoad(text: string): [kind: string, ...fields: string[]] {
  const [kind = '', ...fields] = text.split(':');
  return [kind, ...fields];
}

/** The file of a trace, from the load's text form; undefined for other loads. */
export function traceFileOf(text: string): string | undefined {
  const [kind, file] = splitLoad(text);
  return kind === 'trace' && file !== '' ? file : undefined;
}

/** The text form of the same load with its trace at another path; that of another load as it is. */
export function withTraceFile(text: string, path: (file: string) => string): string {
  const file = traceFileOf(text);
  if (file === undefined) return text;
  const [kind, , ...rest] = splitLoad(text);
  return [kind, path(file), ...rest].join(':');
}
