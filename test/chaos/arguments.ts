/** Arguments of the suite. */
import { parseArgs } from 'node:util';

import { chosenFrom } from '../support/arguments';
import { type FaultId, FAULTS } from './faults';
import type { Form } from './stage';

/** What was asked for. */
export interface Asked {
  readonly form: Form;
  readonly ids: readonly FaultId[];
  /** How long the soak loads; by default the form decides. */
  readonly soakMinutes: number | undefined;
  /** Where the results are recorded. */
  readonly out: string | undefined;
}

/** Minutes as they were typed. */
function minutesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const minutes = Number(text);
  if (!(minutes > 0)) throw new RangeError(`--soak-minutes must be a number above 0, received ${text}`);
  return minutes;
}

/** @throws Error naming an argument that is not known, has a wrong value or does not go with another */
export function readArguments(words: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      long: { type: 'boolean', default: false },
      'self-check': { type: 'boolean', default: false },
      'soak-minutes': { type: 'string' },
      out: { type: 'string' },
    },
  });
  if (values['self-check'] && values.out !== undefined)
    throw new RangeError(
      `--out must not go with --self-check, which injects nothing to survive, received "${values.out}": leave one out`,
    );
  return {
    form: values['self-check'] ? 'self-check' : values.long ? 'long' : 'short',
    ids: chosenFrom('fault', Object.keys(FAULTS) as FaultId[], positionals),
    soakMinutes: minutesOf(values['soak-minutes']),
    out: values.out,
  };
}
