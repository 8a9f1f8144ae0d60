/**
 * Measures round by round: the peak, the engine alone, then every server in its turn.
 */
import { type Bench, measureEngine, measureServer, type Subject } from './measure';
import { compilePeak } from './peak';
import type { PeersDocument } from './peers-document';
import { LENGTHS, orderOf, type PlannedVisit, visitName } from './plan';
import { packagesDirOf } from './presence';
import { isMeasured } from './store';

/** For the estimate of the time left: what a visit takes beside its loads. */
const OVERHEAD_SECONDS = 6;
/** Visits of a call after which they are a better estimate. */
const MIN_VISITS = 10;

/** How a call begins and whom it tells. */
export interface RoundsOptions {
  readonly begun: PeersDocument;
  readonly plan: readonly PlannedVisit[];
  readonly subjects: readonly Subject[];
  readonly bench: Bench;
  /** Hears of the document after each step. */
  readonly keep: (document: PeersDocument) => void;
  readonly log: (line: string) => void;
}

/** The time left, from the lengths of the loads or from what the visits of this call took. */
function timeLeft(left: readonly PlannedVisit[], spentSeconds: readonly number[]): string {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const loads = sum(left.flatMap((planned) => planned.loads.map(({ seconds }) => seconds)));
  const seconds =
    spentSeconds.length < MIN_VISITS
      ? loads + OVERHEAD_SECONDS * left.length
      : (left.length * sum(spentSeconds)) / spentSeconds.length;
  return `about ${Math.ceil(seconds / 60)} min left`;
}

/** The entry of a visit that failed among what was skipped. */
const failureName = (planned: PlannedVisit, round: number) => `${visitName(planned)}, round ${round}`;

/** Visits that failed. */
export const failuresOf = ({ skipped }: PeersDocument) =>
  skipped.filter(({ what }) => what.includes(', round '));

/**
 * Measures what the document lacks. A visit that fails does not keep the others from running.
 *
 * @throws the signal's reason after an interrupt
 */
export async function measureRounds(options: RoundsOptions): Promise<PeersDocument> {
  const { begun, plan, subjects, bench, keep, log } = options;
  const { rounds, engineSeconds } = LENGTHS[begun.form];
  const measurePeak = compilePeak(bench.work);
  if (measurePeak === undefined) log('SKIPPED the peak of a core: it needs a C compiler, cc');
  const all = Array.from({ length: rounds }, (_, i) => i + 1).flatMap((round) =>
    orderOf(plan, round).map((planned) => ({ round, planned })),
  );
  const spentSeconds: number[] = [];
  let document = begun;
  const update = (change: Partial<PeersDocument>) => {
    document = { ...document, ...change, finishedAt: new Date().toISOString() };
    keep(document);
  };

  const engineAlone = async (round: number, { model, precision }: Subject) => {
    const isThis = (each: PeersDocument['engines'][number]) =>
      each.round === round && each.model === model && each.precision === precision;
    if (document.engines.some(isThis)) return;
    const alone = await measureEngine(model, precision, engineSeconds, bench);
    update({ engines: [...document.engines, { round, ...alone }] });
    log(`round ${round}: engine alone, ${model} ${precision}: ${alone.cpuMs.toFixed(1)} ms of CPU`);
  };

  const visit = async (round: number, planned: PlannedVisit) => {
    const subject = subjects.find(
      ({ model, precision }) => model === planned.model && precision === planned.precision,
    )!;
    const skipped = document.skipped.filter(({ what }) => what !== failureName(planned, round));
    try {
      const measured = await measureServer(planned, subject, packagesDirOf(planned.server), bench);
      update({ skipped, visits: [...document.visits, { round, ...measured }] });
      const [{ perSecond, cpuMsPerImage }] = measured.loads as [(typeof measured.loads)[0]];
      return `${perSecond.toFixed(1)} images/s, ${cpuMsPerImage.toFixed(1)} ms of CPU`;
    } catch (error) {
      bench.signal.throwIfAborted();
      const why = (error as Error).message;
      update({ skipped: [...skipped, { what: failureName(planned, round), why }] });
      return `FAILED: ${why}`;
    }
  };

  for (let round = 1; round <= rounds; round++) {
    if (measurePeak !== undefined && document.peakGflops.length < round)
      update({ peakGflops: [...document.peakGflops, measurePeak()] });
    for (const subject of subjects) await engineAlone(round, subject);
    for (const { planned } of all.filter((each) => each.round === round)) {
      if (isMeasured(document, planned, round)) continue;
      const startedMs = performance.now();
      const result = await visit(round, planned);
      spentSeconds.push((performance.now() - startedMs) / 1000);
      const left = all.filter(
        (each) => each.round >= round && !isMeasured(document, each.planned, each.round),
      );
      const leftPlans = left.map((each) => each.planned);
      log(`round ${round}: ${visitName(planned)}: ${result}; ${timeLeft(leftPlans, spentSeconds)}`);
    }
    update({ rounds: Math.max(document.rounds, round) });
  }
  return document;
}
