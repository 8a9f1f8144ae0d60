/**
 * How the experiments and the long tests print what they measured.
 */
import { type Latencies, type RunSummary, summarize } from '../load/documents';
import type { RunDocument } from '../load/run-document';

/** Requests that were due before this do not count: the service has just started. */
const WARM_UP_MS = 2_000;

/** Summarizes a run without its warm-up. */
export const settled = (document: RunDocument): RunSummary => summarize(document, WARM_UP_MS);

/** Requests that were neither answered right nor refused. */
export const failedOf = ({ outcomes }: RunSummary): number =>
  outcomes.wrong + outcomes.failed + outcomes.timedOut + outcomes.unsent;

const latencies = ({ count, p50Ms, p99Ms }: Latencies) =>
  count === 0 ? 'none' : `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`;

/** One line of a summary. */
export const line = (name: string, summary: RunSummary): string =>
  `${name}: ${summary.throughputPerSecond.toFixed(1)} right answers per second (${latencies(summary.answered)}), ` +
  `${summary.outcomes.refused} refused (${latencies(summary.refused)}), ${failedOf(summary)} failed`;

/** Prints each claim and whether it holds. If one does not, the process exits with 1. */
export function verdict(claims: readonly (readonly [claim: string, holds: boolean])[]): void {
  for (const [claim, holds] of claims) console.log(`${holds ? 'passed' : 'FAILED'}: ${claim}`);
  if (claims.some(([, holds]) => !holds)) process.exitCode = 1;
}
