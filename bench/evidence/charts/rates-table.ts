/** What was measured at each rate of the deployments without an HPA, as a Markdown table. Pure. */
import { code, table } from '../../../charts/markdown';
import { percent } from '../../../charts/percent';
import type { Evidence } from '../evidence';
import type { RateFigures } from '../rate-curve';
import { grouped, NO_DATA, NONE } from '../words';

/** A percentile for which there are too few answers. */
const TOO_FEW = 'too few';

const threeDigits = (value: number) => String(Number(value.toPrecision(3)));
const milliseconds = (ms: number) => (Number.isFinite(ms) ? grouped(Math.round(ms)) : TOO_FEW);
const known = (value: number, format: (value: number) => string) =>
  Number.isFinite(value) ? format(value) : NONE;

const rowOf = (name: string, pods: number, figures: RateFigures) => [
  code(name),
  threeDigits(figures.ratePerSecond),
  known(figures.ratePerSecond / pods, threeDigits),
  grouped(figures.due),
  ...[figures.p50Ms, figures.p95Ms, figures.p99Ms].map(milliseconds),
  known(figures.goodputPerSecond / figures.duePerSecond, percent),
  known(figures.refusedShare, percent),
  known(figures.cpuPercent, (value) => value.toFixed(0)),
];

/** Every rate of every single pod and max-size fleet, all repetitions together. */
export function measuredRatesTable({ curves }: Evidence): string {
  const rows = [...curves].flatMap(([name, { pods, rates }]) =>
    rates.map((figures) => rowOf(name, pods, figures)),
  );
  const head = [
    'deployment',
    'images/s',
    'images/s per pod',
    'requests',
    'p50, ms',
    'p95, ms',
    'p99, ms',
    'in time',
    'refused',
    'CPU, % of the request',
  ];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}
