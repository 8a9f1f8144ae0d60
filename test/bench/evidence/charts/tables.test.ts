import { evidenceOf } from '../../../../bench/evidence/evidence';
import { MACHINE_SCHEMA, MACHINE_VERSION, type MachineDocument } from '../../../../bench/evidence/machine';
import {
  balanceTable,
  capacityTable,
  deviationsList,
  hpaTable,
  tradeTable,
} from '../../../../bench/evidence/charts/tables';
import {
  printedPodsTable,
  reportedFigure,
  reportedTable,
} from '../../../../bench/evidence/charts/reported-tables';
import { measuredRatesTable } from '../../../../bench/evidence/charts/rates-table';
import { NO_DATA } from '../../../../bench/evidence/words';
import { tradeOf } from '../../../../bench/evidence/trade';
import { tradeChart, tradeTitle } from '../../../../bench/evidence/charts/trade-chart';
import { VARIANTS } from '../../../../infra/variants';
import { syntheticRun } from '../synthetic-run';

const latency = { cpuSecondsPerImage: 0.025, cpuFactor: 0.19, limitMs: 250 };
const RUNS = [
  ...[1, 2].map((repetition) =>
    syntheticRun({ variant: 'latency-single-pod', repetition, load: 'steps:4,8,16,32:60s', ...latency }),
  ),
  syntheticRun({ variant: 'latency-max-size', load: 'steps:8,16,32,64:60s', ...latency }),
  syntheticRun({
    ...{ variant: 'latency-hpa', experiment: 'latency-hpa-steps', load: 'steps:1,4,8:60s', idleSeconds: 345 },
    ...{ cpuSecondsPerImage: 0.026, cpuFactor: 0.098, limitMs: 500 },
  }),
];
const MACHINE: MachineDocument = {
  schema: MACHINE_SCHEMA,
  version: MACHINE_VERSION,
  ...{ form: 'full', commit: 'c', seed: 1 },
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:10:00.000Z',
  machine: { cpuModel: 'SYNTHETIC', cores: 2, memoryBytes: 8e9, nodeVersion: 'v22.0.0', platform: 'linux' },
  cpuPerImage: [
    {
      ...{ model: 'latency', engine: 'onnxruntime', precision: 'fp32', threads: 1, limitMillis: 1000 },
      isDefault: true,
      ...{ cpuSecondsPerImage: [0.02, 0.03, 0.025], images: [100, 100, 100], idleCpuMillis: 5 },
    },
  ],
  printedPods: [
    {
      ...{ model: 'latency', variant: 'latency-single-pod', limitMillis: 2900 },
      parallelism: { processes: 2, threads: 1 },
      printed: VARIANTS.find(({ name }) => name === 'latency-single-pod')!.resources,
      slo: { percentile: 0.95, limitMs: 100 },
      capacity: {
        ...{ slo: { percentile: 0.95, limitMs: 100 }, lowPerSecond: 40, highPerSecond: 44, ended: '' },
        ...{ confidence: 0.99, requests: 1000, seconds: 100, probes: [] },
      },
      throttledShare: 0.125,
      deviations: ['The limit exceeds the machine.'],
    },
  ],
};
const REFERENCE = '| | accuracy | latency |\n| CPU time per inference (reported) | 72.7 ms | 25.9 ms |\n';

const evidence = evidenceOf(RUNS, MACHINE);
const rowsOf = (table: string) =>
  table
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));

test('the table of capacity has each deployment with its knee, its repetitions and its CPU time per image', () => {
  const [single, fleet] = rowsOf(capacityTable(evidence));
  expect(single!.slice(1, 4)).toEqual(['`latency-single-pod`', 'int8', '1']);
  expect(single!.slice(4, 6)).toEqual(['`267m`, `551m`', 'p95 ≤ 250 ms']);
  expect(single![6]).toMatch(/^\d+–\d+$/);
  expect(single![7]).toMatch(/^\d of 2: median [\d.–]+, within [\d.–]+$/);
  expect(single![9]).toBe('25');
  expect(fleet!.slice(1, 4)).toEqual(['`latency-max-size`', 'int8', '2']);
  expect(fleet![7]).toBe('one repetition');
  expect(fleet![8]).toMatch(/^\d+–\d+ %$/);
});

test('the table of HPA runs has how the HPA reacted', () => {
  const [row] = rowsOf(hpaTable(evidence));
  expect(row!.slice(1, 3)).toEqual(['`latency-hpa-steps-1`', '`steps:1,4,8:60s`']);
  expect(row!.slice(8, 10)).toEqual([expect.stringMatching(/^\d+ s$/), expect.stringMatching(/^\d+ s$/)]);
  expect(row![10]).toBe('300 s');
});

test.each([
  ['steps:1,4,8:60s', 60, 'not recorded'],
  ['steps:0.3:60s', 345, 'never left it'],
] as const)('after %s and %i s without load the return to the minimum is: %s', (load, idleSeconds, text) => {
  const run = syntheticRun({
    ...{ variant: 'latency-hpa', experiment: 'latency-hpa-steps', load, idleSeconds },
    ...{ cpuSecondsPerImage: 0.026, cpuFactor: 0.098, limitMs: 500 },
  });
  const [row] = rowsOf(hpaTable(evidenceOf([run])));
  expect(row![10]).toBe(text);
});

test('a run that never has as many pods as the load needs says so, and so does the median of such runs', () => {
  const never = (replicas: number) => {
    const plain = RUNS.at(-1)!;
    const still = plain.timeline.replicas.map((sample) => ({
      ...sample,
      desired: replicas,
      ready: replicas,
    }));
    return { ...plain, timeline: { ...plain.timeline, replicas: still } };
  };
  const runs = [8, 2, 2].map((replicas, i) => ({ ...never(replicas), repetition: i + 1 }));
  const desired = rowsOf(hpaTable(evidenceOf(runs))).map((cells) => cells[8]);
  expect(desired).toEqual(['0 s', 'never', 'never', 'never (0 s to never)']);
});

test('the table of the balance has every run with several pods', () => {
  const rows = rowsOf(balanceTable(evidence));
  expect(rows.map((cells) => cells[1])).toEqual(['`latency-hpa-steps-1`', '`latency-max-size-1`']);
});

test('reported values stand beside measured ones, and what was not measured says so', () => {
  const rows = rowsOf(reportedTable(evidence, REFERENCE)).map((cells) => cells.slice(1, 4));
  expect(rows).toContainEqual([
    'CPU time per inference, MobileNetV2',
    '25.9 ms (Keras Applications, its machine)',
    '25 ms at fp32; per image, with decoding',
  ]);
  expect(rows).toContainEqual(['max-size replicas, latency', '2', '2 ready']);
  expect(rows).toContainEqual(['HPA replicas, latency', '2 to 8 at 50 %', '2 to 8 ready']);
  expect(rows).toContainEqual(['max-size replicas, accuracy', 'not measured', 'not measured']);
});

test('a reported figure comes from the page of the reference, which must have it', () => {
  expect(reportedFigure(REFERENCE, 'CPU time per inference (reported)', 'accuracy')).toBe('72.7 ms');
  expect(() => reportedFigure('', 'CPU time', 'latency')).toThrow(/must have a row "CPU time"/);
});

test('pods at their printed figures have their knee and how often they were throttled', () => {
  expect(rowsOf(printedPodsTable(evidence))[0]!.slice(1, 7)).toEqual([
    '`latency-single-pod`',
    '`1405m`, `2900m`',
    '2 × 1',
    'p95 ≤ 100 ms',
    '40–44',
    '12.5 %',
  ]);
});

test('a search that found nothing says how many requests were late and what was missing', () => {
  const pod = MACHINE.printedPods[0]!;
  const probe = {
    ...{ verdict: 'cannot tell apart' as const, reason: '', valid: true, drifting: false },
    ...{ effectiveRequests: 100, seconds: 30 },
  };
  const probes = [
    { ...probe, ratePerSecond: 11, requests: 300, violations: 3 },
    { ...probe, ratePerSecond: 5.5, requests: 150, violations: 1 },
  ];
  const capacity = { lowPerSecond: 0, ended: '', confidence: 0.99, requests: 450, seconds: 60, probes };
  const machine = {
    ...MACHINE,
    printedPods: [{ ...pod, capacity }],
  };
  expect(rowsOf(printedPodsTable(evidenceOf(RUNS, machine)))[0]![5]).toBe(
    'cannot tell: 4 of 450 requests at 5.5–11 images/s were late, but no rate had enough requests to judge it with 99 % confidence',
  );
});

test('each deviation is listed once, with the experiments that have it', () => {
  expect(deviationsList(evidence).split('\n')).toEqual([
    '- `latency-hpa-steps`, `latency-max-size`, `latency-single-pod`: Synthetic: a simulated queue, nothing was measured.',
    '- `latency-single-pod, printed`: The limit exceeds the machine.',
    '- `accuracy-hpa`: the steps, the trace and the spike are left out.',
    '- `latency-hpa`: the trace and the spike are left out.',
  ]);
});

test('a variant with an HPA that lacks one load is listed with it, and one that has all is not', () => {
  const hpa = RUNS.find(({ kind }) => kind === 'hpa')!;
  const runs = [
    ...['latency-hpa-steps', 'latency-hpa-spike', 'latency-hpa-trace'],
    ...['accuracy-hpa-steps', 'accuracy-hpa-spike'],
  ].map((experiment) => ({ ...hpa, experiment }));
  const lines = deviationsList(evidenceOf(runs)).split('\n');
  expect(lines.filter((line) => line.includes('left out'))).toEqual([
    '- `accuracy-hpa`: the trace is left out.',
  ]);
});

test('every rate of the deployments without an HPA is listed, that of a fleet per pod too', () => {
  const rows = rowsOf(measuredRatesTable(evidence)).map((cells) => cells.slice(1, -1));
  expect(rows.map((cells) => cells.slice(0, 3))).toEqual([
    ...['4', '8', '16', '32'].map((rate) => ['`latency-single-pod`', rate, rate]),
    ...['8', '16', '32', '64'].map((rate) => ['`latency-max-size`', rate, String(Number(rate) / 2)]),
  ]);
  const { rates } = evidence.curves.get('latency-max-size')!;
  rows.slice(4).forEach((cells, i) => {
    const { due, p50Ms, p95Ms, p99Ms, goodputPerSecond, duePerSecond, refusedShare, cpuPercent } = rates[i]!;
    const figures = cells.slice(3).map((cell) => Number(cell.replace(',', '').replace(' %', '')));
    expect(figures.slice(0, 4)).toEqual([due, Math.round(p50Ms), Math.round(p95Ms), Math.round(p99Ms)]);
    expect(figures[4]).toBeCloseTo((100 * goodputPerSecond) / duePerSecond, 1);
    expect(figures[5]).toBeCloseTo(100 * refusedShare, 1);
    expect(figures[6]).toBe(Math.round(cpuPercent));
  });
});

test('a rate with too few answers for a percentile, or without a CPU sample, says so', () => {
  const short = syntheticRun({ variant: 'latency-single-pod', load: 'steps:2:5s', ...latency });
  const [cells] = rowsOf(measuredRatesTable(evidenceOf([short])));
  expect(cells!.slice(6, 8)).toEqual(['too few', 'too few']);
  expect(cells![10]).toBe('not measured');
});

test('without data each part says how to get it', () => {
  const none = evidenceOf([]);
  const parts = [
    ...[capacityTable, hpaTable, balanceTable, printedPodsTable, deviationsList, measuredRatesTable],
  ].map((part) => part(none));
  expect([...parts, reportedTable(none, REFERENCE)]).toEqual(Array(7).fill(NO_DATA));
});

test('repetitions behind an HPA have a row each, and one with their medians and ranges', () => {
  const repeated = [1, 2, 3].map((repetition) =>
    syntheticRun({
      ...{ variant: 'latency-hpa', experiment: 'latency-hpa-steps', load: 'steps:1,4,8:60s', repetition },
      ...{ cpuSecondsPerImage: 0.026, cpuFactor: 0.098, limitMs: 500, idleSeconds: 0 },
    }),
  );
  const rows = rowsOf(hpaTable(evidenceOf(repeated)));
  expect(rows.map(([, name]) => name)).toEqual([
    ...[1, 2, 3].map((repetition) => `\`latency-hpa-steps-${repetition}\``),
    '`latency-hpa-steps, all 3`',
  ]);
  // The recording of the first alone goes on after its load.
  const withIdle = syntheticRun({
    ...{ variant: 'latency-hpa', experiment: 'latency-hpa-steps', load: 'steps:1,4,8:60s', idleSeconds: 345 },
    ...{ cpuSecondsPerImage: 0.026, cpuFactor: 0.098, limitMs: 500 },
  });
  const returns = rowsOf(hpaTable(evidenceOf([withIdle, ...repeated.slice(1)]))).map((cells) => cells[10]);
  expect(returns).toEqual(['300 s', 'not recorded', 'not recorded', '300 s']);
  const count = (cell: string) => Number(cell.replace(',', ''));
  expect(count(rows[3]![3]!)).toBe(rows.slice(0, 3).reduce((sum, row) => sum + count(row[3]!), 0));
});

test('the trade has each model at each precision, and marks what the service chooses', () => {
  const machine = {
    ...MACHINE,
    cpuPerImage: [
      MACHINE.cpuPerImage[0]!,
      {
        ...MACHINE.cpuPerImage[0]!,
        precision: 'int8' as const,
        isDefault: false,
        cpuSecondsPerImage: [0.01],
      },
    ],
  };
  const accuracies = { fp32: 0.94, int8: 0.93, images: 600 };
  const points = tradeOf(machine, { accuracy: accuracies, latency: accuracies });
  expect(rowsOf(tradeTable(points)).map((cells) => cells.slice(1, -1))).toEqual([
    ['MobileNetV2', 'fp32', 'yes', '25 (20–30)', '94.0 %', '600'],
    ['MobileNetV2', 'int8', '', '10 (10)', '93.0 %', '600'],
  ]);
  // 20 to 30 ms at fp32 and 10 ms at int8.
  expect(tradeTitle(points)).toBe(
    'At int8 an image takes this share of its CPU time at fp32: 40 % (33–50 %) for MobileNetV2',
  );
  expect(tradeChart(points, machine)).toContain('int8, 10 ms');
});
