/** The tables of docs/experiment.md. Pure. */
import { basename } from 'node:path';

import { code, table } from '../../../charts/markdown';
import { percent } from '../../../charts/percent';
import { VARIANTS } from '../../../infra/variants';
import { balanceOf } from '../balance';
import type { Evidence } from '../evidence';
import { runName } from '../experiment-run';
import { efficiencyText } from '../fleet';
import { analyseHpa, type HpaRun } from '../hpa-run';
import { reactionOf } from '../reaction';
import { ofRepetitions } from './claims';
import { withTraceFile } from '../../load/load-text';
import type { TradePoint } from '../trade';
import type { RateCurve } from '../rate-curve';
import { loadOf, medianOf, precisionOf } from '../runs';
import { grouped, kneeText, list, modelName, NO_DATA, NONE, objective, range, short } from '../words';

const seconds = (value: number | undefined) =>
  value === undefined ? 'not while recorded' : `${value.toFixed(0)} s`;
/** Less than this after the load, the recording was not meant to show an HPA that scales down. */
const MIN_AFTER_LOAD_SECONDS = 60;

/** Seconds from the end of the load until the run was back; if it was not, how long its recording went on. */
function returnText(run: HpaRun): string {
  const { toMinimum } = reactionOf(run);
  if (toMinimum !== undefined) return toMinimum < 0 ? 'before its end' : seconds(toMinimum);
  const last = run.windows.at(-1);
  const recordedSeconds = last === undefined ? 0 : last.atSeconds + last.lengthMs / 1000 - run.loadSeconds;
  return recordedSeconds < MIN_AFTER_LOAD_SECONDS
    ? 'not recorded'
    : `not within ${recordedSeconds.toFixed(0)} s`;
}

/** Median and range of the repetitions' own knees; those with an open end are counted only. */
function repetitionsText({ repetitions }: RateCurve): string {
  if (repetitions.length === 1) return 'one repetition';
  const ends = repetitions.flatMap(({ knee: { lowPerSecond: low, highPerSecond: high } }) =>
    low === undefined || high === undefined ? [] : [{ low, high }],
  );
  if (ends.length === 0) return `none of ${repetitions.length} decides alone`;
  const [lows, highs] = [ends.map(({ low }) => low), ends.map(({ high }) => high)];
  const median = range(medianOf(lows), medianOf(highs));
  return `${ends.length} of ${repetitions.length}: median ${median}, within ${range(Math.min(...lows), Math.max(...highs))}`;
}

/** Both models as a single pod and as a max-size fleet. */
export function capacityTable({ curves }: Evidence): string {
  const rows = [...curves].map(([name, curve]) => {
    const single = curves.get(`${curve.model}-single-pod`);
    const { resources } = curve.runs[0]!.applied;
    return [
      code(name),
      precisionOf(curve.runs[0]!) ?? NONE,
      curve.pods,
      `${code(resources.requests.cpu)}, ${code(resources.limits.cpu)}`,
      objective(curve.slo),
      kneeText(curve.knee),
      repetitionsText(curve),
      curve.kind === 'max-size' ? efficiencyText({ fleet: curve, ...(single && { single }) }) : '',
      Number.isFinite(curve.cpuSecondsPerImage) ? short(curve.cpuSecondsPerImage) : NONE,
    ];
  });
  const head = [
    'deployment',
    'precision',
    'ready pods',
    'CPU request, limit',
    'objective',
    'knee, images/s',
    'knees of single repetitions',
    'of ideal',
    'CPU s per image',
  ];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}

/** Median and range of the figures that are there. */
const figures = (values: readonly (number | undefined)[], format: (value: number) => string) => {
  const known = values.flatMap((value) => value ?? []);
  return known.length === 0 ? seconds(undefined) : ofRepetitions(known, format);
};

/** Every run behind an HPA, and below the repetitions of an experiment their medians and ranges. */
export function hpaTable({ hpaRuns }: Evidence): string {
  const experiments = [...new Set(hpaRuns.map(({ experiment }) => experiment))];
  const rows = experiments.flatMap((name) => {
    const runs = analyseHpa(hpaRuns.filter(({ experiment }) => experiment === name));
    const each = runs.map((hpa) => hpaRow(`${name}-${hpa.run.repetition}`, [hpa]));
    return runs.length === 1 ? each : [...each, hpaRow(`${name}, all ${runs.length}`, runs)];
  });
  const head = [
    'run',
    'load',
    'requests',
    'in time',
    'refused',
    'ready pods',
    'first decision after',
    'first new pod ready after',
    'back at the minimum, after the load (first repetition)',
    'pod minutes: ready of needed',
  ];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}

function hpaRow(name: string, runs: readonly HpaRun[]): string[] {
  const reactions = runs.map(reactionOf);
  const { run, minReplicas } = runs[0]!;
  const inSeconds = (value: number) => `${value.toFixed(0)} s`;
  const minutes = (value: number) => value.toFixed(1);
  return [
    code(name),
    code(withTraceFile(loadOf(run).settings.load, basename)),
    grouped(runs.reduce((sum, { due }) => sum + due, 0)),
    ofRepetitions(
      runs.map(({ inTimeShare }) => inTimeShare),
      percent,
    ),
    ofRepetitions(
      runs.map(({ refusedShare }) => refusedShare),
      percent,
    ),
    `${minReplicas} to ${ofRepetitions(
      reactions.map(({ mostReady }) => mostReady),
      String,
    )}`,
    figures(
      reactions.map(({ toDecision }) => toDecision),
      inSeconds,
    ),
    figures(
      reactions.map(({ toReady }) => toReady),
      inSeconds,
    ),
    // Only the first repetition's recording goes on after its load.
    returnText(runs[0]!),
    `${ofRepetitions(
      reactions.map(({ podMinutes }) => podMinutes),
      minutes,
    )} of ` +
      ofRepetitions(
        reactions.map(({ neededPodMinutes }) => neededPodMinutes),
        minutes,
      ),
  ];
}

/** CPU time and accuracy of each model at each precision. */
export const tradeTable = (points: readonly TradePoint[]): string =>
  table(
    ['model', 'precision', 'the service’s own choice', 'CPU ms per image', 'accuracy', 'test images'],
    points.map(({ model, precision, isDefault, cpuMs, cpuMsRange, accuracy, accuracyImages }) => [
      modelName(model),
      precision,
      isDefault ? 'yes' : '',
      `${short(cpuMs)} (${range(...cpuMsRange)})`,
      percent(accuracy),
      grouped(accuracyImages),
    ]),
  );

/** The balance over pods, of every run with several pods. */
export function balanceTable({ runs }: Evidence): string {
  const rows = runs.flatMap((run) => {
    const balance = run.kind === 'single-pod' ? undefined : balanceOf(run);
    if (balance === undefined) return [];
    const shares = balance.pods.map(({ share }) => 100 * share);
    const nodes = new Set(balance.pods.map(({ node }) => node)).size;
    return [
      [
        code(runName(run)),
        balance.pods.length,
        nodes,
        grouped(balance.answered),
        `${range(Math.min(...shares), Math.max(...shares))} %`,
        balance.jain.toFixed(3),
        balance.jainByChance.toFixed(3),
      ],
    ];
  });
  const head = [
    'run',
    'pods',
    'nodes',
    'answers',
    'shares of the pods',
    'Jain’s index',
    'Jain’s index by chance',
  ];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}

/** The loads of the full form behind an HPA. */
const HPA_LOADS = ['steps', 'spike', 'trace'];

/** A line for each variant with an HPA that lacks a load. */
function leftOut({ runs }: Evidence): string[] {
  const recorded = new Set(runs.map(({ experiment }) => experiment));
  return VARIANTS.filter(({ kind }) => kind === 'hpa').flatMap(({ name }) => {
    const missing = HPA_LOADS.filter((load) => !recorded.has(`${name}-${load}`));
    if (missing.length === 0) return [];
    const verb = missing.length === 1 && missing[0] !== 'steps' ? 'is' : 'are';
    return `- ${code(name)}: ${list(missing.map((load) => `the ${load}`))} ${verb} left out.`;
  });
}

/** What differs from the printed variants and the full form; each sentence once. */
export function deviationsList(evidence: Evidence): string {
  const { runs, machine } = evidence;
  const named = (sentences: readonly (readonly [string, string])[]) => {
    const bySentence = new Map<string, string[]>();
    for (const [sentence, name] of sentences)
      bySentence.set(sentence, [...new Set([...(bySentence.get(sentence) ?? []), name])]);
    return [...bySentence].map(([sentence, names]) => `- ${names.map(code).join(', ')}: ${sentence}`);
  };
  const ofRuns = runs.flatMap((run) => run.deviations.map((sentence) => [sentence, run.experiment] as const));
  const ofPods = (machine?.printedPods ?? []).flatMap(({ variant, deviations }) =>
    deviations.map((sentence) => [sentence, `${variant}, printed`] as const),
  );
  const lines = [...named([...ofRuns, ...ofPods]), ...(runs.length === 0 ? [] : leftOut(evidence))];
  return lines.length === 0 ? NO_DATA : lines.join('\n');
}
