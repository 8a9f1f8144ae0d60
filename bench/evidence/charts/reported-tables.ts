/** What is reported beside what was measured, and single pods at their printed figures, as Markdown tables. */
import { code, table } from '../../../charts/markdown';
import { percent } from '../../../charts/percent';
import type { Scaling } from '../../../infra/variants';
import { MODEL_IDS, type ModelId } from '../../../models/catalog';
import { medianOf } from '../../../statistics/median';
import type { Capacity, ProbeRecord } from '../../load/capacity-document';
import type { Evidence } from '../evidence';
import type { ExperimentRun } from '../experiment-run';
import type { CpuPerImage } from '../machine';
import { CANNOT_TELL, grouped, kneeText, modelName, NO_DATA, NONE, objective, range, short } from '../words';

/**
 * A reported figure, from the table of docs/reference.md that has this row.
 *
 * @throws Error if the page has no such row
 */
export function reportedFigure(reference: string, row: string, model: ModelId): string {
  const cells = reference
    .split('\n')
    .find((line) => line.startsWith(`| ${row} `))
    ?.split('|')
    .map((cell) => cell.trim());
  const figure = cells?.[2 + MODEL_IDS.indexOf(model)];
  if (figure === undefined) throw new Error(`docs/reference.md must have a row "${row}" with ${model}`);
  return figure;
}

const CPU_ROW = 'CPU time per inference (reported)';

const scalingText = (scaling: Scaling) =>
  scaling.kind === 'hpa'
    ? `${scaling.minReplicas} to ${scaling.maxReplicas} at ${scaling.targetCpuPercent} %`
    : String(scaling.replicas);

/** The fewest pods of a model's HPA runs, and the most that were ready. */
function hpaReplicas(runs: readonly ExperimentRun[]): string {
  const [first] = runs;
  if (first === undefined || first.applied.scaling.kind !== 'hpa') return NONE;
  const most = runs.flatMap(({ timeline }) => timeline.replicas.map(({ ready = 0 }) => ready));
  return `${first.applied.scaling.minReplicas} to ${Math.max(...most)} ready`;
}

/** The CPU time per image at each precision, the service's own choice first. */
function cpuText(measured: readonly CpuPerImage[]): string {
  if (measured.length === 0) return NONE;
  const chosenFirst = [...measured].sort((a, b) => Number(b.isDefault) - Number(a.isDefault));
  const each = chosenFirst.map(
    ({ precision, cpuSecondsPerImage }) => `${short(1000 * medianOf(cpuSecondsPerImage))} ms at ${precision}`,
  );
  return `${each.join(', ')}; per image, with decoding`;
}

/**
 * Reported values beside measured ones.
 *
 * @param reference text of docs/reference.md
 */
export function reportedTable({ curves, hpaRuns, machine }: Evidence, reference: string): string {
  const rows = MODEL_IDS.flatMap((model) => {
    const fleet = curves.get(`${model}-max-size`);
    const cpu = machine?.cpuPerImage.filter((each) => each.model === model) ?? [];
    const ofModel = hpaRuns.filter((run) => run.model === model);
    const fleetScaling = fleet?.runs[0]!.printed.scaling;
    const hpaScaling = ofModel[0]?.printed.scaling;
    return [
      [
        `CPU time per inference, ${modelName(model)}`,
        `${reportedFigure(reference, CPU_ROW, model)} (Keras Applications, its machine)`,
        cpuText(cpu),
      ],
      [
        `max-size replicas, ${model}`,
        fleetScaling ? scalingText(fleetScaling) : NONE,
        fleet ? `${fleet.pods} ready` : NONE,
      ],
      [`HPA replicas, ${model}`, hpaScaling ? scalingText(hpaScaling) : NONE, hpaReplicas(ofModel)],
    ];
  });
  const hasData = curves.size > 0 || hpaRuns.length > 0 || machine !== undefined;
  return hasData ? table(['figure', 'reported', 'measured'], rows) : NO_DATA;
}

/** What a search found; where it found nothing, what was measured and what was missing. */
function searchText({ lowPerSecond, highPerSecond, probes, confidence }: Capacity): string {
  if (lowPerSecond > 0 || highPerSecond !== undefined)
    return kneeText({
      ...(lowPerSecond > 0 && { lowPerSecond }),
      ...(highPerSecond !== undefined && { highPerSecond }),
    });
  const rates = probes.map(({ ratePerSecond }) => ratePerSecond);
  const sum = (of: (probe: ProbeRecord) => number) => probes.reduce((total, probe) => total + of(probe), 0);
  return (
    `${CANNOT_TELL}: ${sum((probe) => probe.violations)} of ${grouped(sum((probe) => probe.requests))} requests ` +
    `at ${range(Math.min(...rates), Math.max(...rates))} images/s were late, ` +
    `but no rate had enough requests to judge it with ${100 * confidence} % confidence`
  );
}

/** Single pods at their printed CPU figures, in a control group instead of a cluster. */
export function printedPodsTable({ machine }: Evidence): string {
  if (machine === undefined) return NO_DATA;
  const rows = machine.printedPods.map(({ variant, printed, parallelism, slo, capacity, throttledShare }) => [
    code(variant),
    `${code(printed.requests.cpu)}, ${code(printed.limits.cpu)}`,
    `${parallelism.processes} × ${parallelism.threads}`,
    objective(slo),
    searchText(capacity),
    percent(throttledShare),
  ]);
  const head = [
    'pod',
    'CPU request, limit as printed',
    'processes × threads',
    'objective',
    'knee, images/s',
    'throttled periods',
  ];
  return table(head, rows);
}
