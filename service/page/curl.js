/** The curl command that repeats what the page just did. */

/** Quotes a word for a POSIX shell. */
const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/**
 * The command for an image: a sample comes from the service, another image is a file in the working directory. With an API
 * key, the shell fills it in from $API_KEY.
 */
export function curlCommand({ url, type, name, sampleUrl, withKey }) {
  const key = withKey ? ` -H "authorization: Bearer $API_KEY"` : '';
  const source = sampleUrl === undefined ? quoted(`@${name}`) : '@-';
  const command = `curl --data-binary ${source} -H 'content-type: ${type}'${key} ${quoted(url)}`;
  return sampleUrl === undefined ? command : `curl -s ${quoted(sampleUrl)} |\n  ${command}`;
}
