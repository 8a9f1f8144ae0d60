/**
 * How a machine's speed changes from minute to minute where pods share its cores with other work: by which factor an image
 * takes more CPU time than on average, the same for every pod. Pure.
 */
import { seededRandom } from '../../statistics/seeded-random';
import { standardNormal } from './normal';

/** Length of a spell of one speed: the window of metrics-server's samples, in which it is measured. */
export const SPELL_MS = 15_000;

/** From a time on an image takes so many times its mean CPU time. */
export interface PaceStep {
  readonly fromMs: number;
  readonly factor: number;
}

/** Speed as it was measured, or drawn anew by each seed. */
export type Pace =
  | { readonly kind: 'measured'; readonly steps: readonly PaceStep[] }
  | {
      readonly kind: 'drawn';
      /** Standard deviation of the logarithm of a run's factor. */
      readonly runSpread: number;
      /** The same between the spells of a run. */
      readonly spellSpread: number;
    };

/** The factor at a time, milliseconds from the start of the load. */
export type PaceAt = (atMs: number) => number;

function drawn(runSpread: number, spellSpread: number, seed: number): PaceAt {
  const random = seededRandom(seed, 'pace');
  // Log-normal with mean 1.
  const draw = (spread: number) => Math.exp(spread * standardNormal(random) - spread ** 2 / 2);
  const run = draw(runSpread);
  const spells: number[] = [];
  return (atMs) => {
    const spell = Math.max(0, Math.floor(atMs / SPELL_MS));
    while (spells.length <= spell) spells.push(run * draw(spellSpread));
    return spells[spell]!;
  };
}

/** The first step also holds before it begins. */
const measured =
  (steps: readonly PaceStep[]): PaceAt =>
  (atMs) =>
    (steps.findLast(({ fromMs }) => fromMs <= atMs) ?? steps[0])?.factor ?? 1;

/** The speed of a run with this seed. */
export const paceOf = (pace: Pace, seed: number): PaceAt =>
  pace.kind === 'measured' ? measured(pace.steps) : drawn(pace.runSpread, pace.spellSpread, seed);
