/**
 * Checks the Node version at start, because an unsupported one fails later with an obscure error.
 */

/** The oldest Node that the libraries run on. */
const MIN_NODE_MAJOR = 20;

/**
 * Checks the running Node version.
 *
 * @throws Error with the remedy
 */
export function checkNodeVersion(version: string = process.versions.node): void {
  if (Number(version.split('.')[0]) >= MIN_NODE_MAJOR) return;
  throw new Error(
    `Tandem needs Node ${MIN_NODE_MAJOR} or later, this is Node ${version}: install Node 22 and start again`,
  );
}
