/** The tables of docs/experiment.md. Pure. */
import { basename } from 'node:path';

import { code, table } from '../../../charts/markdown';
import { percent } from '../../../charts/percent';
import { VARIANTS } from '../../../infra/variants';
import { medianOf } from '../../../statistics/median';
import { DEFAULT_FLAGS } from '../../autoscaler/settings';
import { balanceOf } from '../balance';
import type { Evidence } from '../evidence';
import { runName } from '../experiment-run';
import { efficiencyText } from '../fleet';
import { analyseHpa, type HpaRun } from '../hpa-run';
import { type Reaction, reactionOf } from '../reaction';
import { HPA_LOADS, ofRepetitions } from './claims';
import { withTraceFile } from '../../load/load-text';
import type { TradePoint } from '../trade';
import type { RateCurve } from '../rate-curve';
import { loadOf, precisionOf } from '../runs';
import {
  grouped,
  jainText,
  kneeText,
  list,
  modelName,
  NO_DATA,
  NONE,
  objective,
  range,
  short,
} from '../words';

const seconds = (value: number) => (value === Infinity ? 'never' : `${value.toFixed(0)} s`);
/** Where a recording ends sooner after its load, it was not meant to show an HPA that scales down: this is its window. */
const MIN_AFTER_LOAD_SECONDS = DEFAULT_FLAGS.downscaleStabilizationMs / 1000;

/** Seconds from the end of the load until the run was back at the minimum; if it was not, how long its recording went on. */
function returnText(run: HpaRun): string {
  const { mostDesired, toMinimum } = reactionOf(run);
  if (mostDesired <= run.minReplicas) return 'never left it';
  if (toMinimum !== undefined) return toMinimum < 0 ? 'before its end' : seconds(toMinimum);
  const recordedSeconds = run.endSeconds - run.loadSeconds;
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
      Number.isFinite(curve.cpuSecondsPerImage) ? short(1000 * curve.cpuSecondsPerImage) : NONE,
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
    'CPU ms per image',
  ];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}

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
    'highest need, pods',
    'as many desired after',
    'as many ready after',
    'back at the minimum, after the load (first repetition)',
    'pod minutes: ready of needed',
  ];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}

function hpaRow(name: string, runs: readonly HpaRun[]): string[] {
  const { run, minReplicas } = runs[0]!;
  const reactions = runs.map(reactionOf);
  const of = (valueOf: (run: HpaRun) => number, format: (value: number) => string) =>
    ofRepetitions(runs.map(valueOf), format);
  const ofReaction = (valueOf: (reaction: Reaction) => number, format: (value: number) => string) =>
    ofRepetitions(reactions.map(valueOf), format);
  const minutes = (value: number) => value.toFixed(1);
  return [
    code(name),
    code(withTraceFile(loadOf(run).settings.load, basename)),
    grouped(runs.reduce((sum, { due }) => sum + due, 0)),
    of(({ inTimeShare }) => inTimeShare, percent),
    of(({ refusedShare }) => refusedShare, percent),
    `${minReplicas} to ${ofReaction(({ mostReady }) => mostReady, String)}`,
    ofReaction(({ highestNeed }) => highestNeed, String),
    ofReaction(({ toDesired = Infinity }) => toDesired, seconds),
    ofReaction(({ toReady = Infinity }) => toReady, seconds),
    // Only the first repetition's recording goes on after its load.
    returnText(runs[0]!),
    `${ofReaction(({ podMinutes }) => podMinutes, minutes)} of ` +
      ofReaction(({ neededPodMinutes }) => neededPodMinutes, minutes),
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
        jainText(balance.jain),
        jainText(balance.jainByChance),
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

/** A line for each variant with an HPA that lacks a load. */
function leftOut({ runs }: Evidence): string[] {
  const recorded = new Set(runs.map(({ experiment }) => experiment));
  return VARIANTS.filter(({ kind }) => kind === 'hpa').flatMap(({ name }) => {
    const missing = HPA_LOADS.map(({ name }) => name).filter((load) => !recorded.has(`${name}-${load}`));
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
