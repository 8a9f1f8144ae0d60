/**
 * Runs and searches as short tables for a terminal.
 */
import type { Capacity, ProbeRecord } from './capacity';
import { summarize } from './documents';
import { OUTCOMES, type RunDocument, VALIDITY_RULES } from './run-document';
import { minTrials } from '../../statistics/binomial';
import { formatSlo } from './slo';
import { CONFIDENCE } from './validity';

const perSecond = (value: number) => `${value.toFixed(1)} per second`;
const ms = (value: number) => `${value.toFixed(1)} ms`;

const rows = (cells: readonly (readonly [string, string])[]) => {
  const width = Math.max(...cells.map(([name]) => name.length));
  return cells.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
};

/** A run: rates, outcomes, percentiles and validity. A percentile that the sample is too small for is left out. */
export function formatRun(document: RunDocument): string {
  const { outcomes, offeredPerSecond, goodputPerSecond, goodShare, answered } = summarize(document);
  const { slo } = document.settings;
  const counts = OUTCOMES.filter((outcome) => outcomes[outcome] > 0).map((o) => `${outcomes[o]} ${o}`);
  const quoted = (
    [
      ['p50', 0.5, answered.p50Ms],
      ['p90', 0.9, answered.p90Ms],
      ['p95', 0.95, answered.p95Ms],
      ['p99', 0.99, answered.p99Ms],
    ] as const
  ).filter(([, share]) => answered.count >= minTrials(share, 0, CONFIDENCE));
  const { valid, broken } = document.validity;
  return rows([
    ['load', `${document.settings.load}, connections ${document.settings.connections}`],
    ['offered', perSecond(offeredPerSecond)],
    [
      'goodput',
      `${perSecond(goodputPerSecond)} (${(100 * goodShare).toFixed(1)} % of what was due${slo === undefined ? '' : `, within ${slo}`})`,
    ],
    ['requests', counts.join(', ')],
    ...Object.entries(document.failures).map(([kind, n]) => ['failure', `${n} × ${kind}`] as const),
    ...(quoted.length > 0
      ? [['latency', quoted.map(([name, , value]) => `${name} ${ms(value)}`).join(', ')] as const]
      : []),
    ...(valid
      ? [['valid', 'yes'] as const]
      : broken.map(({ rule, detail }) => ['INVALID', `${VALIDITY_RULES[rule]}: ${detail}`] as const)),
  ]);
}

/** One probe of a search. */
export const formatProbe = ({ ratePerSecond, verdict, reason, seconds }: ProbeRecord): string =>
  `${perSecond(ratePerSecond)}: ${verdict} after ${seconds.toFixed(0)} s (${reason})`;

/** The answer of a search. */
export function formatCapacity(found: Capacity): string {
  const { slo, lowPerSecond, highPerSecond, ended, confidence, requests, seconds, probes } = found;
  const knee =
    highPerSecond === undefined
      ? `at least ${perSecond(lowPerSecond)}`
      : `${lowPerSecond.toFixed(1)} to ${perSecond(highPerSecond)}`;
  return rows([
    ['capacity', `${knee} at ${formatSlo(slo)}`],
    ['ended', ended],
    ['confidence', `${100 * confidence} % per probe`],
    ['measured', `${requests} requests in ${probes.length} probes, ${seconds.toFixed(0)} s`],
  ]);
}
