/**
 * Variables that look like settings and are none, such as TANDEM_NAMESPCE. Pure functions.
 */
import { type Environment, SETTING_VARIABLES } from './settings';

const PREFIX = 'TANDEM_';
/** Variables with this prefix that are read elsewhere: the folder of downloads, and what the tests tell each other. */
const CACHE = 'TANDEM_CACHE';
const TEST_PREFIX = 'TANDEM_TEST_';

const KNOWN: readonly string[] = [...Object.values(SETTING_VARIABLES), CACHE];

/** Levenshtein's distance: how many letters to add, leave out or replace. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 0; i < one.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const replaced = row[j]! + Number(one[i] !== other[j]);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

/** A warning for each variable that has the prefix of the settings and that nothing reads. An empty one counts as unset. */
export function unknownSettingLines(environment: Environment): string[] {
  return Object.entries(environment)
    .filter(([name, value]) => name.startsWith(PREFIX) && value && !name.startsWith(TEST_PREFIX))
    .filter(([name]) => !KNOWN.includes(name))
    .map(([name]) => {
      const [nearest] = KNOWN.toSorted((a, b) => editDistance(name, a) - editDistance(name, b));
      return `warning: ${name} is no setting and is ignored: did you mean ${nearest!}? docs/deploying.md#settings lists them`;
    });
}
