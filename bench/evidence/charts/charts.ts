/** All charts of docs/experiment.md by file name, as far as there is data. Pure. */
import { MODEL_IDS, type ModelId } from '../../../models/catalog';
import { balanceOf } from '../balance';
import type { Evidence } from '../evidence';
import { HPA_LOADS } from './claims';
import { hpaChart } from './hpa-chart';
import { replayChart, replaysOf } from './hpa-replay-chart';
import { analyseHpa } from '../hpa-run';
import { loadShareChart } from './load-share-chart';
import { maxSizeChart } from './max-size-chart';
import { singlePodChart } from './single-pod-chart';

/** `latency-hpa-steps` gives `latency-hpa.svg` where it is the model's first load, else `latency-hpa-spike.svg`. */
function hpaCharts({ hpaRuns }: Evidence, model: ModelId): [string, string][] {
  const order = HPA_LOADS.map(({ name }) => `${model}-hpa-${name}`);
  const names = [...new Set(hpaRuns.filter((run) => run.model === model).map((run) => run.experiment))].sort(
    (a, b) => order.indexOf(a) - order.indexOf(b),
  );
  return names.map((name, i) => {
    const repetitions = analyseHpa(hpaRuns.filter(({ experiment }) => experiment === name));
    return [`${i === 0 ? `${model}-hpa` : name}.svg`, hpaChart(repetitions)];
  });
}

const firstOf = ({ hpaRuns }: Evidence, name: string) =>
  hpaRuns.find(({ experiment }) => experiment === name)?.repetition;

/** SVG documents by file name. */
export function chartsOf(evidence: Evidence): ReadonlyMap<string, string> {
  const { curves, runs } = evidence;
  // The first repetition, as in the HPA's own chart: it has the idle return.
  const replays = replaysOf(evidence).filter(
    ({ run }) => run.repetition === firstOf(evidence, run.experiment),
  );
  const curvesOf = (kind: string) => MODEL_IDS.flatMap((model) => curves.get(`${model}-${kind}`) ?? []);
  const [singles, fleets] = [curvesOf('single-pod'), curvesOf('max-size')];
  const balances = MODEL_IDS.flatMap((model) => [
    runs.find(({ experiment }) => experiment === `${model}-max-size`),
    evidence.hpaRuns.find((run) => run.model === model),
  ]).flatMap((run) => (run && balanceOf(run)) ?? []);
  const every = runs.flatMap((run) => (run.kind === 'single-pod' ? [] : (balanceOf(run) ?? [])));
  const withSingle = fleets.map((fleet) => {
    const single = curves.get(`${fleet.model}-single-pod`);
    return { fleet, ...(single && { single }) };
  });
  return new Map([
    ...(singles.length > 0 ? [['single-pod.svg', singlePodChart(singles)] as const] : []),
    ...(fleets.length > 0 ? [['max-size.svg', maxSizeChart(withSingle)] as const] : []),
    ...MODEL_IDS.flatMap((model) => hpaCharts(evidence, model)),
    ...replays.map((replay) => [`replay-${replay.run.experiment}.svg`, replayChart(replay)] as const),
    ...(balances.length > 0 ? [['load-share.svg', loadShareChart(balances, every)] as const] : []),
  ]);
}
