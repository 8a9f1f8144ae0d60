/** The claim in the title of each chart: one sentence with its number, and no more than the data supports. Pure. */
import { percent } from '../../charts/percent';
import type { Balance } from './balance';
import type { ExperimentRun } from './experiment-run';
import type { Fleet } from './fleet';
import { type HpaRun, reactionOf } from './hpa-run';
import type { RateCurve } from './rate-curve';
import { flawsOf } from './runs';
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
} from './words';

/** The claim of a chart whose runs are all flawed begins with a warning. */
export const claimOf = (title: string, runs: readonly ExperimentRun[]): string =>
  runs.every((run) => flawsOf(run).length > 0) ? `INVALID (see below): ${title}` : title;

/** The claim of the chart: each model's knee, at its objective. */
export function singlePodTitle(curves: readonly RateCurve[]): string {
  if (curves.every(({ knee }) => kneeText(knee) === CANNOT_TELL))
    return 'One pod: these runs cannot tell which rate meets the objective';
  const claims = curves.map(({ model, slo, knee }) =>
    kneeText(knee) === CANNOT_TELL
      ? `an unknown rate (${modelName(model)}: cannot tell)`
      : `${kneeText(knee)} images/s at ${objective(slo)} (${modelName(model)})`,
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

/** The claim: how far the HPA scaled, and how many requests were in time meanwhile. */
export function hpaTitle(hpa: HpaRun): string {
  const { run, inTimeShare, due, minReplicas } = hpa;
  const { mostReady, toReady } = reactionOf(hpa);
  const scaled =
    mostReady > minReplicas
      ? `scaled from ${minReplicas} to ${plural(mostReady, 'pod')}`
      : `stayed at ${plural(minReplicas, 'pod')}`;
  const delay = toReady === undefined ? '' : `, the first after ${toReady.toFixed(0)} s`;
  return (
    `${modelName(run.model)} behind its HPA ${scaled}${delay}; ` +
    `${percent(inTimeShare)} of ${grouped(due)} requests were answered within ${duration(run.slo.limitMs)}`
  );
}

/** The claim: the lowest index of all deployments. */
export function loadShareTitle(balances: readonly Balance[]): string {
  const lowest = balances.reduce((low, each) => (each.jain < low.jain ? each : low));
  const nodes = new Set(balances.flatMap(({ pods }) => pods.map(({ node }) => node))).size;
  return (
    `The Service spreads the load over ${plural(nodes, 'node')}: Jain’s index is at least ${jainText(lowest.jain)} ` +
    `(chance alone gives ${jainText(lowest.jainByChance)})`
  );
}
