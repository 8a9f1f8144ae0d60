/**
 * Checks the Node version at start, because an unsupported one fails later with an obscure error.
 */

/**
 * Checks the running Node version.
 *
 * @throws Error with the remedy; tfjs-node 4.22 calls functions that Node 23 removed
 */
export function checkNodeVersion(version: string = process.versions.node): void {
  const major = Number(version.split('.')[0]);
  if (major < 20 || major > 22) {
    throw new Error(`Tandem needs Node 20 or 22, this is Node ${version}: install Node 22 and start again`);
  }
}
