/** Of a text that is no JSON, in the error. */
const SHOWN_CHARACTERS = 20;

/**
 * Reads a JSON document that names its schema and version.
 *
 * @param writer the command that writes such files, for the error
 * @throws Error if the text is not a document of this schema and version
 */
export function parseDocument<T extends { readonly schema: string; readonly version: number }>(
  text: string,
  { schema, version }: Pick<T, 'schema' | 'version'>,
  writer: string,
): T {
  let document: Partial<T> | null;
  try {
    document = JSON.parse(text) as Partial<T> | null;
  } catch (cause) {
    throw new Error(
      `the document must be JSON with schema "${schema}" and version ${version}, received ` +
        `${JSON.stringify(text.slice(0, SHOWN_CHARACTERS))}: use a file that "${writer}" wrote`,
      { cause },
    );
  }
  if (document?.schema !== schema || document.version !== version) {
    throw new Error(
      `the document must have schema "${schema}" and version ${version}, received ` +
        `${JSON.stringify(document?.schema)} and ${JSON.stringify(document?.version)}: use a file that "${writer}" wrote`,
    );
  }
  return document as T;
}
