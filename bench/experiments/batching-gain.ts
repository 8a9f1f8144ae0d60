/** What batches gain over single images. Pure. */
import { percentile } from '../../statistics/percentile';

/** What was measured of one batch size. */
export interface BatchRun {
  readonly model: string;
  readonly threads: number;
  /** Images per batch. */
  readonly batch: number;
  /** Time per image of each round, ms. */
  readonly wallMs: readonly number[];
  /** CPU time per image of each round, ms. */
  readonly cpuMs: readonly number[];
}

/**
 * Median time per image that decides, ms. With one thread it is CPU time, which other processes affect less than the time;
 * with several it is the time, since CPU time does not show what they do side by side.
 */
const decidingMs = ({ threads, wallMs, cpuMs }: BatchRun): number =>
  percentile(threads === 1 ? cpuMs : wallMs, 0.5);

/**
 * Share by which a run answers more images than single ones with the same model and threads.
 *
 * @throws RangeError if the runs have no single images of it
 */
export function gainOf(run: BatchRun, runs: readonly BatchRun[]): number {
  const single = runs.find(
    ({ model, threads, batch }) => model === run.model && threads === run.threads && batch === 1,
  );
  if (single === undefined)
    throw new RangeError(
      `the runs must have batch 1 of ${run.model} with ${run.threads} threads, received none: measure it too`,
    );
  return decidingMs(single) / decidingMs(run) - 1;
}

/** The largest gain of a batch of several images. */
export const largestGain = (runs: readonly BatchRun[]): number =>
  Math.max(...runs.filter(({ batch }) => batch > 1).map((run) => gainOf(run, runs)));
