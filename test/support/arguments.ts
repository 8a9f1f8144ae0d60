/** Readers of what the runner of a suite is given on the command line. */

/**
 * The known names that were typed, in the order of the known; all of them if none was typed.
 *
 * @param what what a name stands for, for the error
 * @throws RangeError naming a name that is not known
 */
export function chosenFrom<T extends string>(
  what: string,
  known: readonly T[],
  typed: readonly string[],
): readonly T[] {
  const unknown = typed.find((name) => !known.includes(name as T));
  if (unknown !== undefined)
    throw new RangeError(`a ${what} must be one of ${known.join(', ')}, received "${unknown}"`);
  return typed.length === 0 ? known : known.filter((name) => typed.includes(name));
}

/**
 * Reads a whole number.
 *
 * @throws RangeError naming the argument, what it must be and what it is
 */
export function wholeNumber(argument: string, text: string | undefined, min: number, max: number): number {
  const value = Number(text);
  if (text === undefined || text.trim() === '' || !Number.isInteger(value) || value < min || value > max)
    throw new RangeError(
      `${argument} must be a whole number from ${min} to ${max}, received ${text === undefined ? 'nothing' : `"${text}"`}`,
    );
  return value;
}

/** What a reader returns. Where it throws, the process says why in a sentence and ends with 1. */
export function readOrEnd<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exit(1);
  }
}
