/** The tables of docs/twin.md: what was measured beside what was simulated. Pure. */
import { table } from '../../charts/markdown';
import { percent } from '../../charts/percent';
import { minCases } from '../../statistics/conformal';
import { grouped, modelName, plural, short } from '../evidence/words';
import type { Band } from '../twin/bands';
import type { ModelProfile, Sourced } from './model-profile';
import { CONFIDENCE, latencyBound, type RateCheck, type Validation } from './validation';

/** What stands where no data is. */
export const NO_DATA = 'There is no data yet: run `npm run experiments`, then `npm run validate:twin`.';

const code = (text: string) => `\`${text}\``;
const milliseconds = (value: number) => (Number.isFinite(value) ? short(value) : 'too few answers');
const bandText = ({ low, median, high }: Band, format: (value: number) => string) =>
  Number.isFinite(median) ? `${format(median)} (${format(low)} to ${format(high)})` : 'too few answers';
const isInside = (value: number, { low, high }: Band) => value >= low && value <= high;

/** Signed difference of the simulated median from what was measured. */
const errorOf = ({ figures, p95Ms }: RateCheck) => p95Ms.median / figures.p95Ms - 1;
const errorText = (check: RateCheck) => {
  const error = errorOf(check);
  return Number.isFinite(error) ? `${error < 0 ? '−' : '+'}${(100 * Math.abs(error)).toFixed(0)} %` : '';
};

/** The figures of each model that the twin is given. */
export function profilesTable({ profiles, missing }: Validation): string {
  const rows = profiles.flatMap((profile: ModelProfile) => {
    const row = (figure: string, { value, source }: Sourced, format = short) => [
      modelName(profile.model),
      figure,
      format(value),
      source,
    ];
    return [
      row(`CPU time per image at ${profile.precision}, ms`, profile.cpuMsPerImage),
      row('its spread: standard deviation of the logarithm', profile.cpuSpread, (value) => value.toFixed(1)),
      row('CPU without load, millicores', profile.idleMillis),
      row('CPU time of a start, ms', profile.startCpuMs),
      row('memory, MB', { ...profile.memoryBytes, value: profile.memoryBytes.value / 1e6 }),
    ];
  });
  const parts = [
    ...(rows.length > 0 ? [table(['model', 'figure', 'value', 'from'], rows)] : []),
    ...missing.map((sentence) => `${sentence}.`),
  ];
  return parts.length === 0 ? NO_DATA : parts.join('\n\n');
}

/** Every rate of every deployment of fixed size. */
export function ratesTable({ rates }: Validation): string {
  const rows = rates.map((check) => {
    const { experiment, figures, p95Ms, refusedShare, isFitted } = check;
    return [
      `${code(experiment)}${isFitted ? ' (fitted)' : ''}`,
      String(figures.ratePerSecond),
      figures.verdict,
      grouped(figures.due),
      milliseconds(figures.p95Ms),
      bandText(p95Ms, milliseconds),
      errorText(check),
      percent(figures.refusedShare),
      bandText(refusedShare, percent),
    ];
  });
  const head = [
    'deployment',
    'images/s',
    'objective, measured',
    'requests',
    'p95 measured, ms',
    'p95 simulated, ms (90 % band)',
    'error',
    'refused, measured',
    'refused, simulated (90 % band)',
  ];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}

/** Every run behind an HPA. */
export function hpasTable({ hpas }: Validation): string {
  const rows = hpas.map(({ run, insideShare, meanError, inTimeShare, ready }) => [
    code(`${run.experiment}-${run.repetition}`),
    ready.length,
    percent(insideShare),
    meanError.toFixed(2),
    percent(inTimeShare.measured),
    bandText(inTimeShare.simulated, percent),
  ]);
  const head = [
    'run',
    'seconds',
    'ready pods inside the 90 % band',
    'mean distance from the median, pods',
    'in time, measured',
    'in time, simulated (90 % band)',
  ];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}

/** The result in a few sentences. */
export function validationSummary(validation: Validation): string {
  const { rates, hpas, seeds, cpuRatios } = validation;
  const judged = rates.filter(
    (check) => !check.isFitted && check.figures.verdict !== 'fail' && Number.isFinite(errorOf(check)),
  );
  if (judged.length === 0 && hpas.length === 0) return NO_DATA;
  const within = (share: number) => judged.filter((check) => Math.abs(errorOf(check)) <= share).length;
  const inside = judged.filter(({ figures, p95Ms }) => isInside(figures.p95Ms, p95Ms)).length;
  const seconds = hpas.reduce((sum, { ready }) => sum + ready.length, 0);
  const share = hpas.reduce((sum, { insideShare, ready }) => sum + insideShare * ready.length, 0) / seconds;
  const { factor, cases } = latencyBound(validation);
  return [
    `- p95, simulated with ${seeds} seeds, at the ${plural(judged.length, 'rate')} that the profiles were not fitted to ` +
      `and that did not fail the objective: ${within(0.1)} within 10 %, ${within(0.2)} within 20 % of the measured one; ` +
      `${inside} measured ones are inside the 90 % band.`,
    hpas.length === 0
      ? '- There is no run behind an HPA.'
      : `- Replicas, simulated: the measured number of ready pods was inside the 90 % band ${percent(share)} of the time.`,
    factor === undefined
      ? `- There is no bound for the error of p95: ${plural(cases, 'case')}, of which a bound at ${percent(CONFIDENCE)} needs ${minCases(CONFIDENCE)}.`
      : `- A measured p95 is at most ${factor.toFixed(2)} times the simulated one at ${percent(CONFIDENCE)} confidence ` +
        `(split conformal, ${cases} cases). The adviser uses that upper edge.`,
    ...cpuRatios.map(
      ({ experiment, single, ratio }) =>
        `- Measured: an image of ${code(experiment)} took ${ratio.toFixed(2)} times the CPU time of one of ${code(single)}, ` +
        'to which the profile is fitted. That difference is in the errors.',
    ),
  ].join('\n');
}
