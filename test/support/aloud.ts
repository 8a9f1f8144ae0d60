/** Tests that say what they skip. */

/**
 * Prints a line that begins with `SKIPPED: ` and names what is missing. Not by `console`: Jest drops what a file prints
 * there where all of its tests are skipped and several files run.
 */
export const sayAloud = (line: `SKIPPED: ${string}`): boolean => process.stderr.write(`${line}\n`);
