/**
 * What a load's answers say.
 */
import type { Answer } from './client';
import { percentile } from '../../statistics/percentile';

/** Answers that count: the first are those of a service that is not yet in its stride. */
const SETTLE_MS = 2_000;

export interface Summary {
  /** Requests answered 200, a second. */
  readonly goodput: number;
  readonly refused: number;
  /** Anything else than 200 and 503, such as no answer at all. */
  readonly failed: number;
  readonly ok: { readonly p50: number; readonly p99: number };
  readonly no: { readonly p50: number; readonly p99: number };
}

export function summarize(answers: readonly Answer[], seconds: number): Summary {
  const counted = answers.filter(({ atMs }) => atMs >= SETTLE_MS && atMs < 1000 * seconds);
  const latencies = (...statuses: number[]) =>
    counted.filter(({ status }) => statuses.includes(status)).map(({ latencyMs }) => latencyMs);
  const ok = latencies(200);
  const no = latencies(503);
  const percentiles = (values: readonly number[]) => ({
    p50: percentile(values, 0.5),
    p99: percentile(values, 0.99),
  });
  return {
    goodput: ok.length / (seconds - SETTLE_MS / 1000),
    refused: no.length,
    failed: answers.filter(({ status }) => status !== 200 && status !== 503).length,
    ok: percentiles(ok),
    no: percentiles(no),
  };
}

const ms = (value: number) => (Number.isNaN(value) ? '–' : `${value.toFixed(1)} ms`);

/** One line of a summary. */
export const line = (name: string, { goodput, refused, failed, ok, no }: Summary): string =>
  `${name}: ${goodput.toFixed(1)} answered a second (p50 ${ms(ok.p50)}, p99 ${ms(ok.p99)}), ` +
  `${refused} refused (p50 ${ms(no.p50)}, p99 ${ms(no.p99)}), ${failed} failed`;

/** Prints what was asked for and whether it came true; the process then ends with 1 where something did not. */
export function verdict(claims: readonly (readonly [claim: string, holds: boolean])[]): void {
  for (const [claim, holds] of claims) console.log(`${holds ? 'passed' : 'FAILED'}: ${claim}`);
  if (claims.some(([, holds]) => !holds)) process.exitCode = 1;
}
