/** The tables of docs/twin.md: what was measured beside what was simulated. Pure. */
import { table } from '../../charts/markdown';
import { percent, percentTick, signedPercent } from '../../charts/percent';
import { medianOf } from '../../statistics/median';
import { runName } from '../evidence/experiment-run';
import { grouped, modelName, short } from '../evidence/words';
import type { Band } from '../twin/bands';
import type { ModelProfile, Sourced } from './model-profile';
import type { HpaCheck } from './hpa-check';
import { type Bound, CONFIDENCE, kneeBound, lackText, latencyBound, toMaxBound } from './bounds';
import type { RateCheck, Validation } from './validation';

/** What stands where no data is. */
export const NO_DATA = 'There is no data yet: run `npm run experiments`, then `npm run validate:twin`.';

const code = (text: string) => `\`${text}\``;
const marked = (name: string, isFitted: boolean) => `${code(name)}${isFitted ? ' (fitted)' : ''}`;
const deploymentName = ({ experiment, isFitted }: Pick<RateCheck, 'experiment' | 'isFitted'>) =>
  marked(experiment, isFitted);
const markedRun = ({ run, isFitted }: HpaCheck) => marked(runName(run), isFitted);
const milliseconds = (value: number) => (Number.isFinite(value) ? short(value) : 'too few answers');
const bandText = ({ low, median, high }: Band, format: (value: number) => string) =>
  Number.isFinite(median) ? `${format(median)} (${format(low)} to ${format(high)})` : 'too few answers';
const isInside = (value: number, { low, high }: Band) => value >= low && value <= high;

/** Signed difference of the simulated median from what was measured. */
const errorOf = ({ figures, p95Ms }: RateCheck) => p95Ms.median / figures.p95Ms - 1;
const ownCpuErrorOf = ({ figures, ownCpuP95Ms }: RateCheck) => ownCpuP95Ms / figures.p95Ms - 1;
const steadyErrorOf = ({ measuredMs, steadyMs }: RateCheck) => steadyMs / measuredMs - 1;
const errorText = (error: number) => (Number.isFinite(error) ? signedPercent(error) : '');

const spread = (value: number) => value.toFixed(2);

/** How the machine's speed changed while this model and the others were recorded. */
const paceRows = ({ model, pace }: ModelProfile): string[][] =>
  pace === undefined
    ? []
    : [
        [modelName(model), 'the machine’s speed: spread between runs', spread(pace.runSpread), pace.source],
        [modelName(model), 'its spread between windows of a run', spread(pace.spellSpread), pace.source],
      ];

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
      row('more of it if the process was idle, share', profile.coldShare, (value) => value.toFixed(1)),
      row('elapsed time per CPU time', profile.stretch, (value) => value.toFixed(2)),
      ...paceRows(profile),
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
    const { figures, p95Ms, refusedShare } = check;
    return [
      deploymentName(check),
      String(figures.ratePerSecond),
      figures.verdict,
      grouped(figures.due),
      milliseconds(figures.p95Ms),
      bandText(p95Ms, milliseconds),
      errorText(errorOf(check)),
      errorText(ownCpuErrorOf(check)),
      errorText(steadyErrorOf(check)),
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
    'error with the run’s own CPU time per image',
    'error at one speed',
    'refused, measured',
    'refused, simulated (90 % band)',
  ];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}

/** Every run behind an HPA. */
export function hpasTable({ hpas }: Validation): string {
  const rows = hpas.map((check) => [
    markedRun(check),
    check.ready.length,
    percent(check.insideShare),
    Number.isFinite(check.ownCpuInsideShare) ? percent(check.ownCpuInsideShare) : 'no CPU samples',
    check.meanError.toFixed(2),
    percent(check.inTimeShare.measured),
    bandText(check.inTimeShare.simulated, percent),
  ]);
  const head = [
    'run',
    'seconds',
    'ready pods inside the 90 % band',
    'with the run’s own CPU time per image',
    'mean distance from the median, pods',
    'in time, measured',
    'in time, simulated (90 % band)',
  ];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}

/** Rates that tell about other deployments: not fitted, not failed, and measured with enough answers. */
const judgedOf = ({ rates }: Validation) =>
  rates.filter(
    (check) => !check.isFitted && check.figures.verdict !== 'fail' && Number.isFinite(errorOf(check)),
  );

/** The measured number of ready pods should be inside the band for this share of the time. */
const INSIDE_GOAL = 0.85;

/** Goals of the issue: p95 within 10 % up to 85 % of the knee, and within 20 % up to it. */
const GOALS = [
  { within: 0.1, fromShare: 0, toShare: 0.85, words: 'up to 85 % of the knee' },
  { within: 0.2, fromShare: 0.85, toShare: 1, words: 'from there up to the knee' },
] as const;

/** How many of these rates meet each goal by an error. */
const goalsText = (judged: readonly RateCheck[], errorFor: (check: RateCheck) => number) =>
  GOALS.map(({ within, fromShare, toShare, words }) => {
    const own = judged.filter(({ kneeShare = 0 }) => kneeShare >= fromShare && kneeShare < toShare);
    const good = own.filter((check) => Math.abs(errorFor(check)) <= within);
    return `${good.length} of ${own.length} within ${percentTick(within)} % ${words}`;
  }).join(', ');

/** How many of these rates would meet each goal if each seed in turn were the truth and the median the prediction. */
const luckText = (judged: readonly RateCheck[], luckOf: (check: RateCheck) => readonly number[]) =>
  GOALS.map(({ within, fromShare, toShare }) => {
    const own = judged.filter(({ kneeShare = 0 }) => kneeShare >= fromShare && kneeShare < toShare);
    const expected = own.reduce((sum, check) => {
      const luck = luckOf(check);
      return sum + luck.filter((error) => error <= within).length / luck.length;
    }, 0);
    return `${expected.toFixed(1)} of ${own.length}`;
  }).join(' and ');

const medianError = (judged: readonly RateCheck[], errorFor: (check: RateCheck) => number) =>
  percent(medianOf(judged.map((check) => Math.abs(errorFor(check)))));

/** A bound in words, or how many cases it lacks. */
const boundText = ({ cases }: Bound, what: string, text: string | undefined) =>
  text === undefined
    ? `- There is no bound for ${what}: ${lackText(cases, `a bound at ${percent(CONFIDENCE)}`)}.`
    : `- ${text} at ${percent(CONFIDENCE)} confidence (split conformal, ${cases} cases).`;

/** The result in a few sentences. */
export function validationSummary(validation: Validation): string {
  const { hpas, seeds, cpuRatios, repetitionError } = validation;
  const judged = judgedOf(validation);
  if (judged.length === 0 && hpas.length === 0) return NO_DATA;
  const inside = judged.filter(({ figures, p95Ms }) => isInside(figures.p95Ms, p95Ms)).length;
  const seconds = hpas.reduce((sum, { ready }) => sum + ready.length, 0);
  const inBand = (of: (check: HpaCheck) => number) =>
    percent(hpas.reduce((sum, check) => sum + of(check) * check.ready.length, 0) / seconds);
  const [latency, knee, toMax] = [latencyBound(validation), kneeBound(validation), toMaxBound(validation)];
  return [
    ...(judged.length === 0
      ? []
      : [
          `- p95, simulated with ${seeds} seeds, each deployment from the others: ${goalsText(judged, errorOf)}; median error ` +
            `${medianError(judged, errorOf)}; ${inside} of ${judged.length} measured ones are inside the 90 % band.`,
          `- Even an exact twin would meet only ${luckText(judged, ({ luck }) => luck)} of these goals on average, since a run ends differently each time.`,
          `- With the speed that the machine had, by each run's own CPU samples: ${goalsText(judged, ownCpuErrorOf)}; median error ` +
            `${medianError(judged, ownCpuErrorOf)}; if the twin were exact, ${luckText(judged, ({ ownCpuLuck }) => ownCpuLuck)}.`,
          `- On a machine that keeps its speed, as \`npx tandem plan\` simulates: ${goalsText(judged, steadyErrorOf)}; median error ` +
            `${medianError(judged, steadyErrorOf)}.`,
          `- Measured: at the same rates, the p95 of one repetition is ${percent(repetitionError)} off that of all together (median): ` +
            'a prediction from the same deployment cannot be expected to be nearer.',
        ]),
    hpas.length === 0
      ? '- There is no run behind an HPA.'
      : `- Replicas, simulated: the measured number of ready pods was inside the 90 % band ${inBand(({ insideShare }) => insideShare)} of the time (goal: ${percentTick(INSIDE_GOAL)} %); ` +
        `${inBand(({ ownCpuInsideShare }) => ownCpuInsideShare)} with the CPU time per image of each run’s own CPU samples.`,
    boundText(
      latency,
      'the error of p95',
      latency.factor === undefined
        ? undefined
        : `Where the simulated p95 meets the objective, the measured one is at most ${latency.factor.toFixed(2)} times as long: the upper bound that \`npx tandem plan\` uses,`,
    ),
    boundText(
      knee,
      'the error of the knee',
      knee.factor === undefined
        ? undefined
        : `The knee of one repetition is at least ${(1 / knee.factor).toFixed(2)} times the simulated one`,
    ),
    boundText(
      toMax,
      'the time to the most pods',
      toMax.seconds === undefined
        ? undefined
        : `The most pods are ready at most ${toMax.seconds.toFixed(0)} s later than simulated`,
    ),
    ...cpuRatios.map(
      ({ experiment, single, ratio }) =>
        `- Measured: an image of ${code(experiment)} took ${ratio.toFixed(2)} times the CPU time of one of ${code(single)}.`,
    ),
  ].join('\n');
}

/** The knee of each deployment and the time to the most pods of each run. */
export function boundsTable({ knees, hpas }: Validation): string {
  const rows = [
    ...knees.map((check) => [
      deploymentName(check),
      'knee, images/s',
      check.measuredPerSecond.length === 0 ? 'not reached' : check.measuredPerSecond.map(short).join(', '),
      check.simulatedPerSecond === undefined ? 'not reached' : short(check.simulatedPerSecond),
    ]),
    ...hpas.map((check) => [
      markedRun(check),
      'most pods ready after, s',
      check.toMaxSeconds.measured,
      bandText(check.toMaxSeconds.simulated, (value) => value.toFixed(0)),
    ]),
  ];
  return rows.length === 0 ? NO_DATA : table(['deployment or run', 'figure', 'measured', 'simulated'], rows);
}
