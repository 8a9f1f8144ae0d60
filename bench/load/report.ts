/**
 * Runs and searches as short tables for a terminal.
 */
import type { Capacity, CapacityDocument, ProbeRecord, Verdict } from './capacity-document';
import { summarize } from './documents';
import { rateText } from './rate-text';
import { OUTCOMES, type RunDocument } from './run-document';
import { minTrials } from '../../statistics/binomial';
import { brokenText, CONFIDENCE } from './validity';

/** One client that waits for each answer, and as many as keep the server busy. */
export interface LatencyDocuments {
  readonly singleStream: RunDocument;
  readonly offline?: RunDocument;
}

const perSecond = (value: number) => `${rateText(value)} per second`;
const ms = (value: number) => `${value.toFixed(1)} ms`;

const rows = (cells: readonly (readonly [string, string])[]) => {
  const width = Math.max(...cells.map(([name]) => name.length));
  return cells.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
};

/** A run: rates, outcomes, percentiles and validity. A percentile that the sample is too small for is left out. */
export function formatRun(document: RunDocument): string {
  const { due, outcomes, offeredPerSecond, goodputPerSecond, goodShare, answered } = summarize(document);
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
  const within = slo === undefined ? '' : `, within ${slo}`;
  return rows([
    ['load', `${document.settings.load}, connections ${document.settings.connections}`],
    ['offered', perSecond(offeredPerSecond)],
    ...(due === 0
      ? [['requests', 'none were due'] as const]
      : [
          [
            'goodput',
            `${perSecond(goodputPerSecond)} (${(100 * goodShare).toFixed(1)} % of what was due${within})`,
          ] as const,
          ['requests', counts.join(', ')] as const,
        ]),
    ...Object.entries(document.failures).map(([kind, n]) => ['failure', `${n} × ${kind}`] as const),
    ...(quoted.length > 0
      ? [['latency', quoted.map(([name, , value]) => `${name} ${ms(value)}`).join(', ')] as const]
      : []),
    ...(valid ? [['valid', 'yes'] as const] : broken.map((each) => ['INVALID', brokenText(each)] as const)),
  ]);
}

/** The two runs of `bench latency`; the second is missing after an interrupt. */
export function formatLatency({ singleStream, offline }: LatencyDocuments): string {
  const parts = [`single stream\n${formatRun(singleStream)}`];
  if (offline !== undefined) {
    const images = perSecond(summarize(offline).throughputPerSecond);
    parts.push(`offline\n${rows([['images', images]])}\n${formatRun(offline)}`);
  }
  return parts.join('\n\n');
}

/** A verdict as a clause of its own. */
const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  pass: 'pass',
  fail: 'fail',
  'cannot tell apart': 'cannot tell pass from fail',
};

/** One probe of a search. */
export const formatProbe = ({ ratePerSecond, verdict, reason, seconds, valid }: ProbeRecord): string =>
  `${perSecond(ratePerSecond)}: ${valid ? VERDICT_WORDS[verdict] : 'INVALID'} after ${seconds.toFixed(0)} s (${reason})`;

/** The knee with its interval. */
function kneeOf({ lowPerSecond, highPerSecond, estimatePerSecond }: Capacity): string {
  if (highPerSecond === undefined)
    return lowPerSecond === 0 ? 'unknown' : `at least ${perSecond(lowPerSecond)}`;
  if (lowPerSecond === 0) return `below ${perSecond(highPerSecond)}`;
  const interval = `[${rateText(lowPerSecond)}, ${rateText(highPerSecond)}] per second`;
  return estimatePerSecond === undefined ? interval : `${rateText(estimatePerSecond)} ${interval}`;
}

const CONFIRMATION: Readonly<Record<Verdict, string>> = {
  pass: 'yes',
  fail: 'NO',
  'cannot tell apart': 'cannot tell',
};

/** The answer of a search. */
export function formatCapacity(found: CapacityDocument): string {
  const { settings, ended, confidence, requests, seconds, probes, confirmation } = found;
  return rows([
    ['knee', `${kneeOf(found)} at ${settings.slo}`],
    ['ended', ended],
    ['confidence', `${100 * confidence} % per probe`],
    ['measured', `${requests} requests in ${probes.length} probes, ${seconds.toFixed(0)} s`],
    ['single stream', `p50 ${ms(found.singleStreamMs)}`],
    ...(confirmation
      ? [['confirmed', `${CONFIRMATION[confirmation.verdict]}, ${formatProbe(confirmation)}`] as const]
      : []),
  ]);
}
