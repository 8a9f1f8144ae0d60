import { balanceOf } from '../../../../bench/evidence/balance';
import { chartsOf } from '../../../../bench/evidence/charts/charts';
import {
  hpaTitle,
  loadShareTitle,
  maxSizeTitle,
  scaledText,
  singlePodTitle,
} from '../../../../bench/evidence/charts/claims';
import { evidenceOf } from '../../../../bench/evidence/evidence';
import type { ExperimentRun } from '../../../../bench/evidence/experiment-run';
import { efficiency, efficiencyText } from '../../../../bench/evidence/fleet';
import { hpaRun } from '../../../../bench/evidence/hpa-run';
import type { Knee } from '../../../../bench/evidence/knee';
import { type RateCurve, rateCurve } from '../../../../bench/evidence/rate-curve';
import { syntheticRun } from '../synthetic-run';

const latency = { cpuSecondsPerImage: 0.025, cpuFactor: 0.19, limitMs: 250 };
const accuracy = { cpuSecondsPerImage: 0.16, cpuFactor: 0.0625, limitMs: 2000 };
const RUNS: readonly ExperimentRun[] = [
  ...[1, 2].map((repetition) =>
    syntheticRun({ variant: 'latency-single-pod', repetition, load: 'steps:4,8,16,32:30s', ...latency }),
  ),
  syntheticRun({ variant: 'accuracy-single-pod', load: 'steps:0.5,1,2:60s', ...accuracy }),
  syntheticRun({ variant: 'latency-max-size', load: 'steps:8,16,32,64:30s', ...latency }),
  syntheticRun({
    ...{ variant: 'latency-hpa', experiment: 'latency-hpa-steps', load: 'steps:1,4,8:60s', idleSeconds: 30 },
    ...{ cpuSecondsPerImage: 0.026, cpuFactor: 0.098, limitMs: 500 },
  }),
];
const evidence = evidenceOf(RUNS);
const charts = chartsOf(evidence);
const single = evidence.curves.get('latency-single-pod')!;
const fleet = evidence.curves.get('latency-max-size')!;

const withKnee = (curve: RateCurve, knee: Knee): RateCurve => ({ ...curve, knee });
const titleOf = (svg: string) => /<title>(.*?)<\/title>/.exec(svg)![1];

test('there is one chart per kind of data, and none without data', () => {
  expect([...charts.keys()]).toEqual(['single-pod.svg', 'max-size.svg', 'latency-hpa.svg', 'load-share.svg']);
  expect([...chartsOf(evidenceOf([])).keys()]).toEqual([]);
});

test('the same documents in any order give the same bytes', () => {
  const reversed = chartsOf(evidenceOf([...RUNS].reverse()));
  expect([...reversed]).toEqual([...charts]);
});

test.each([...charts])('%s is a poster that says where its figures come from', (_, svg) => {
  expect(svg).toMatch(/^<svg [^>]*width="1200"/);
  expect(svg).toContain('measured · 2026-01-01 · n = ');
  expect(svg).toContain('2 cores of SYNTHETIC · commit cccccccccccc · image sha256:555555555555');
  expect(svg).toMatch(/seeds? 1/);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(titleOf(svg)).toMatch(/\d/);
  expect(svg.match(/<text /g)!.length).toBeGreaterThan(10);
});

test.each([...charts])('all of %s lies on its card', (_, svg) => {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number);
  for (const [, x, y] of svg.matchAll(/ (?:x|x1|x2|cx)="([-\d.]+)" (?:y|y1|y2|cy)="([-\d.]+)"/g)) {
    expect(Number(x)).toBeGreaterThanOrEqual(0);
    expect(Number(x)).toBeLessThanOrEqual(width!);
    expect(Number(y)).toBeGreaterThanOrEqual(0);
    expect(Number(y)).toBeLessThanOrEqual(height!);
  }
});

test('the words of every chart are those of the last review', () => {
  const words = [...charts].map(([name, svg]) => [
    name,
    [...svg.matchAll(/>([^<>\n]*[a-z][^<>\n]*)<\/(?:title|desc|text)>/g)].map(([, content]) => content),
  ]);
  expect(Object.fromEntries(words)).toMatchSnapshot();
});

test('the title of the single pods has each knee with its objective', () => {
  expect(singlePodTitle([withKnee(single, { lowPerSecond: 12, highPerSecond: 14 })])).toBe(
    'One pod serves 12–14 images/s at p95 ≤ 250 ms (MobileNetV2, CPU limit 551m)',
  );
});

test.each([
  [{ lowPerSecond: 12 }, 'One pod serves at least 12 images/s at p95 ≤ 250 ms (MobileNetV2, CPU limit 551m)'],
  [{ highPerSecond: 4 }, 'One pod serves less than 4 images/s at p95 ≤ 250 ms (MobileNetV2, CPU limit 551m)'],
  [{}, 'One pod: these runs cannot tell which rate meets the objective'],
])('a knee with an open end is not claimed to be closed: %j', (knee, title) => {
  expect(singlePodTitle([withKnee(single, knee)])).toBe(title);
});

test('where one model cannot tell, the other one still has its claim', () => {
  const title = singlePodTitle([
    withKnee({ ...single, model: 'accuracy' }, {}),
    withKnee(single, { lowPerSecond: 1 }),
  ]);
  expect(title).toBe(
    'One pod serves an unknown rate (ResNet101V2: cannot tell) and at least 1 images/s at p95 ≤ 250 ms (MobileNetV2, CPU limit 551m)',
  );
});

test('an HPA target that every measured rate exceeds has its words, and none without CPU samples', () => {
  const busy = syntheticRun({ variant: 'latency-single-pod', load: 'steps:16,32:30s', ...latency });
  const svgOf = (run: ExperimentRun) => chartsOf(evidenceOf([run])).get('single-pod.svg')!;
  expect(svgOf(busy)).toContain('← HPA target 50 %');
  const unknown = { ...busy, timeline: { ...busy.timeline, podMetrics: [] } };
  expect(svgOf(unknown)).not.toContain('HPA target');
  expect(svgOf(unknown)).not.toMatch(/NaN/);
});

test('the ideal of a fleet is its single pod’s knee times its pods, ends against ends', () => {
  const one = withKnee(single, { lowPerSecond: 10, highPerSecond: 12 });
  const two = withKnee(fleet, { lowPerSecond: 18, highPerSecond: 20 });
  expect(efficiency({ fleet: two, single: one })).toEqual({ low: 18 / 24, high: 20 / 20 });
  expect(efficiency({ fleet: two })).toEqual({});
  const openAbove = { fleet: two, single: withKnee(single, { lowPerSecond: 10 }) };
  expect(efficiency(openAbove)).toEqual({ high: 20 / 20 });
  expect(efficiencyText({ fleet: two, single: one })).toBe('75–100 %');
  expect(efficiencyText(openAbove)).toBe('less than 100 %');
  expect(efficiencyText({ fleet: two })).toBe('cannot tell');
  const aboveIdeal = { fleet: two, single: withKnee(single, { lowPerSecond: 8 }) };
  expect(efficiencyText(aboveIdeal)).toBe('cannot tell');
  expect(maxSizeTitle([{ fleet: two, single: one }])).toBe(
    'A max-size fleet serves 18–20 images/s at p95 ≤ 250 ms (MobileNetV2, 2 pods)',
  );
});

test('the title of an HPA has one claim, how many requests were in time; its strip has how far it scaled', () => {
  const hpa = hpaRun(RUNS.at(-1)!);
  expect(hpaTitle([hpa])).toMatch(
    /^MobileNetV2 behind its HPA: [\d.]+ % of \d+ requests were answered within 500 ms$/,
  );
  // Not 93.0 % of all 3,000 requests: that would be 91.8 %.
  const shares = [
    { ...hpa, inTimeShare: 0.95, due: 500 },
    { ...hpa, inTimeShare: 0.91, due: 2000 },
    { ...hpa, inTimeShare: 0.93, due: 500 },
  ];
  expect(hpaTitle(shares)).toBe(
    'MobileNetV2 behind its HPA: 93.0 % (91.0 % to 95.0 %) of the requests were answered within 500 ms (median of 3 runs)',
  );
  const spike = { ...hpa, run: { ...hpa.run, experiment: 'latency-hpa-spike' } };
  expect(hpaTitle([spike])).toMatch(/^MobileNetV2 behind its HPA, in a spike: [\d.]+ % of /);
  expect(scaledText([hpa])).toMatch(/^scaled from 2 to \d pods \(CPU limit 137m\)$/);
  expect(charts.get('latency-hpa.svg')).toContain(scaledText([hpa]));
  const still = { ...hpa, replicas: [{ atSeconds: 0, desired: 2, ready: 2 }] };
  expect(scaledText([still])).toBe('stayed at 2 pods (CPU limit 137m)');
});

test('the title of the load’s balance has the least even run', () => {
  const balance = balanceOf(RUNS.find(({ kind }) => kind === 'max-size')!)!;
  const uneven = { ...balance, jain: 0.7 };
  expect(loadShareTitle([balance, uneven])).toBe(
    'The Service spreads the load over 2 nodes: Jain’s index is 0.700 or more in 2 runs',
  );
});

test('a run whose generator was INVALID is drawn with the rule on its strip', () => {
  const [run] = RUNS;
  const load = run!.timeline.load!;
  const validity = { valid: false, broken: [{ rule: 'lag', detail: '30.0 ms' }] } as const;
  const flawed = { ...run!, timeline: { ...run!.timeline, load: { ...load, validity } } };
  const svg = chartsOf(evidenceOf([flawed])).get('single-pod.svg')!;
  expect(titleOf(svg)).toMatch(/^INVALID \(see below\): One pod serves /);
  expect(svg).toContain('INVALID: the load generator sent requests more than 10 ms late (p99) (30.0 ms)');
  expect(rateCurve([flawed]).runs).toEqual([flawed]);
});
