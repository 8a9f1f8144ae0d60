/** The claim in the title of each chart: one sentence with its number, and no more than the data supports. Pure. */
import { percent } from '../../../charts/percent';
import { medianOf } from '../../../statistics/median';
import type { Balance } from '../balance';
import type { ExperimentRun } from '../experiment-run';
import type { Fleet } from '../fleet';
import type { HpaRun } from '../hpa-run';
import { reactionOf } from '../reaction';
import type { RateCurve } from '../rate-curve';
import { flawsOf } from '../runs';
import {
  CANNOT_TELL,
  duration,
  grouped,
  jainText,
  kneeText,
  list,
  modelName,
  objective,
  plural,
} from '../words';

/** The claim of a chart whose runs are all flawed begins with a warning. */
export const claimOf = (title: string, runs: readonly ExperimentRun[]): string =>
  runs.every((run) => flawsOf(run).length > 0) ? `INVALID (see below): ${title}` : title;

/** `CPU limit 275m`: the claims may stand alone, and what a pod serves depends on it. */
const limitText = (run: ExperimentRun) => `CPU limit ${run.applied.resources.limits.cpu}`;

/** The claim of the chart: each model's knee, at its objective. */
export function singlePodTitle(curves: readonly RateCurve[]): string {
  if (curves.every(({ knee }) => kneeText(knee) === CANNOT_TELL))
    return 'One pod: these runs cannot tell which rate meets the objective';
  const claims = curves.map(({ model, slo, knee, runs }) =>
    kneeText(knee) === CANNOT_TELL
      ? `an unknown rate (${modelName(model)}: cannot tell)`
      : `${kneeText(knee)} images/s at ${objective(slo)} (${modelName(model)}, ${limitText(runs[0]!)})`,
  );
  return `One pod serves ${list(claims)}`;
}

/** The claim: each fleet's knee. */
export function maxSizeTitle(fleets: readonly Fleet[]): string {
  const claims = fleets.map(({ fleet: { model, pods, knee, slo } }) => {
    const subject = `${modelName(model)}, ${plural(pods, 'pod')}`;
    return kneeText(knee) === CANNOT_TELL
      ? `an unknown rate (${subject}: cannot tell)`
      : `${kneeText(knee)} images/s at ${objective(slo)} (${subject})`;
  });
  return `A max-size fleet serves ${list(claims)}`;
}

/** A figure's median over the repetitions with its range; the figure alone if there is one repetition. */
export function ofRepetitions(values: readonly number[], format: (value: number) => string): string {
  const [low, median, high] = [Math.min(...values), medianOf(values), Math.max(...values)].map(format);
  return low === high ? median! : `${median} (${low} to ${high})`;
}

/** The loads behind an HPA in the order of their charts, and what the title adds: steps are the usual load. */
export const HPA_LOADS = [
  { name: 'steps', words: '' },
  { name: 'trace', words: ', on a recorded trace' },
  { name: 'spike', words: ', in a spike' },
] as const;

/**
 * How far the HPA scaled; median and range: `scaled from 2 to 8 pods (CPU limit 137m)`.
 *
 * @param repetitions of one experiment, at least one
 */
export function scaledText(repetitions: readonly HpaRun[]): string {
  const { run, minReplicas } = repetitions[0]!;
  const most = repetitions.map((each) => reactionOf(each).mostReady);
  const scaled =
    Math.max(...most) > minReplicas
      ? `scaled from ${minReplicas} to ${ofRepetitions(most, String)} pods`
      : `stayed at ${plural(minReplicas, 'pod')}`;
  return `${scaled} (${limitText(run)})`;
}

/**
 * The claim: how many requests were in time; median and range.
 *
 * @param repetitions of one experiment, at least one
 */
export function hpaTitle(repetitions: readonly HpaRun[]): string {
  const { run, due } = repetitions[0]!;
  const inTime = ofRepetitions(
    repetitions.map(({ inTimeShare }) => inTimeShare),
    percent,
  );
  const { words = '' } = HPA_LOADS.find(({ name }) => run.experiment.endsWith(`-${name}`)) ?? {};
  const subject = `${modelName(run.model)} behind its HPA${words}`;
  const claim = `were answered within ${duration(run.slo.limitMs)}`;
  return repetitions.length === 1
    ? `${subject}: ${inTime} of ${grouped(due)} requests ${claim}`
    : `${subject}: ${inTime} of the requests ${claim} (median of ${repetitions.length} runs)`;
}

/** The claim: the lowest index of all runs. */
export function loadShareTitle(balances: readonly Balance[]): string {
  const lowest = Math.min(...balances.map(({ jain }) => jain));
  const nodes = new Set(balances.flatMap(({ pods }) => pods.map(({ node }) => node))).size;
  return (
    `The Service spreads the load over ${plural(nodes, 'node')}: ` +
    `Jain’s index is ${jainText(lowest)} or more in ${plural(balances.length, 'run')}`
  );
}
