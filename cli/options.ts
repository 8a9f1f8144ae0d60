/**
 * Readers of the commands' options and of the service's variables: each refuses what it cannot take, by its name. Loads no
 * library.
 */
import { ENGINE_KINDS } from '../models/engines/engine';
import { EVALUATED_SPLITS } from '../models/data/dataset-splits';

/** Reads a number within bounds. */
export const number =
  (name: string, lowest: number, highest: number, whole: boolean) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= lowest && value <= highest) || (whole && !Number.isInteger(value))) {
      const kind = whole ? 'a whole number' : 'a number';
      throw new RangeError(`${name} must be ${kind} from ${lowest} to ${highest}, received "${text}"`);
    }
    return value;
  };

/** Reads one of the known words. */
export const oneOf =
  <T extends string>(name: string, known: readonly T[]) =>
  (text: string): T => {
    const found = known.find((each) => each === text);
    if (found === undefined)
      throw new RangeError(`${name} must be one of ${known.join(', ')}, received "${text}"`);
    return found;
  };

/** Reads a whole number from `lowest` on. */
export const wholeNumber = (flag: string, lowest: number, highest = 2 ** 31 - 1) =>
  number(flag, lowest, highest, true);

/** Reads the path of a file or folder; an empty one, as of a variable that is not set, would be the working directory. */
export const path =
  (name: string) =>
  (text: string): string => {
    if (text.trim() === '') throw new RangeError(`${name} must be a path, received "${text}"`);
    return text;
  };

export const engineKind = oneOf('--engine', ENGINE_KINDS);
export const splitName = oneOf('--split', EVALUATED_SPLITS);
