/** The chart and the table of replayed HPA runs: recorded decisions beside simulated ones. Pure. */
import { type Axis, linearAxis, linearTicks } from '../../../charts/axis';
import { COLOURS } from '../../../charts/colours';
import { code, table } from '../../../charts/markdown';
import { point, steps } from '../../../charts/marks';
import { type Frame, xAxis, yAxis } from '../../../charts/panel';
import { poster } from '../../../charts/poster';
import { polyline, text } from '../../../charts/svg';
import type { Evidence } from '../evidence';
import { type ExperimentRun, runName } from '../experiment-run';
import { hasSamePercent, hasSameReplicas, type ReplayedSync, replayHpa } from '../hpa-replay';
import { MODEL_STYLE } from './model-style';
import { provenance } from './provenance';
import { modelName, NO_DATA } from '../words';

const SIDES = { left: 74, right: 586 } as const;
const REPLICAS: Frame = { ...SIDES, top: 28, bottom: 150 };
const CPU: Frame = { ...SIDES, top: 184, bottom: 306 };
const BODY_HEIGHT_PX = CPU.bottom + 52;

export interface Replay {
  readonly run: ExperimentRun;
  readonly syncs: readonly ReplayedSync[];
}

/** The runs that can be replayed. */
export const replaysOf = ({ hpaRuns }: Evidence): Replay[] =>
  hpaRuns.flatMap((run) => {
    const syncs = replayHpa(run);
    return syncs === undefined || syncs.length === 0 ? [] : [{ run, syncs }];
  });

const heading = ({ left, top }: Frame, words: string) =>
  text(left, top - 9, words, { 'font-size': 11, fill: COLOURS.quiet });

/** The claim: in how many syncs the same rules decide the same. */
export const replayTitle = ({ run, syncs }: Replay): string =>
  `Simulated from the recorded CPU samples, the HPA of ${modelName(run.model)} decides ` +
  `${syncs.filter(hasSameReplicas).length} of ${syncs.length} syncs as the real one did`;

/** What was recorded as a line, what is simulated as a point per sync; points that differ are filled orange. */
function panel(
  { syncs, run }: Replay,
  frame: Frame,
  x: Axis,
  {
    title,
    words,
    valueOf,
  }: { title: string; words: string; valueOf: (kind: ReplayedSync['recorded']) => number },
): string[] {
  const values = syncs.flatMap(({ recorded, simulated }) => [valueOf(recorded), valueOf(simulated)]);
  const highest = Math.max(1, ...values.filter(Number.isFinite));
  const y = linearAxis([0, 1.15 * highest], [frame.bottom, frame.top]);
  const at = ({ atSeconds }: ReplayedSync) => x.at(atSeconds / 60);
  const known = syncs.filter(({ recorded }) => Number.isFinite(valueOf(recorded)));
  const line = steps(
    known.map((sync) => [at(sync), y.at(valueOf(sync.recorded))] as const),
    at(syncs.at(-1)!),
  );
  const { colour } = MODEL_STYLE[run.model];
  return [
    ...yAxis(frame, y, title),
    polyline(line, colour, { 'stroke-width': 3 }),
    ...syncs
      .filter(({ simulated }) => Number.isFinite(valueOf(simulated)))
      .map((sync) =>
        point('circle', at(sync), y.at(valueOf(sync.simulated)), 2.5, {
          fill: valueOf(sync.simulated) === valueOf(sync.recorded) ? COLOURS.paper : COLOURS.orange,
          stroke: COLOURS.ink,
        }),
      ),
    heading(frame, words),
  ];
}

/** Draws one replay as SVG. */
export function replayChart(replay: Replay): string {
  const minutes = replay.syncs.map(({ atSeconds }) => atSeconds / 60);
  const [from, to] = [Math.min(0, ...minutes), Math.max(...minutes)];
  const x = linearAxis([from, to], [SIDES.left, SIDES.right], { ticks: linearTicks(0, to, 8) });
  return poster(
    BODY_HEIGHT_PX,
    {
      title: replayTitle(replay),
      description:
        `Desired replicas and CPU use of ${replay.run.experiment} at each of ${replay.syncs.length} syncs: ` +
        'what the HPA recorded, and what the simulated one decides.',
      strip: ['simulated from measured samples', ...provenance([replay.run]).slice(1)],
    },
    ...panel(replay, REPLICAS, x, {
      title: 'replicas',
      words: 'desired: recorded (line) and simulated (points; orange where they differ)',
      valueOf: ({ replicas }) => replicas,
    }),
    ...panel(replay, CPU, x, {
      title: 'CPU, % of request',
      words: 'what the HPA read: recorded (line) and simulated (points)',
      valueOf: ({ percent = NaN }) => percent,
    }),
    ...xAxis(CPU, x, 'minutes from the start of the load'),
  );
}

/** One row per run: how many syncs read and decide the same. */
export function replayTable(evidence: Evidence): string {
  const rows = replaysOf(evidence).map(({ run, syncs }) => [
    code(runName(run)),
    syncs.length,
    syncs.filter(hasSamePercent).length,
    syncs.filter(hasSameReplicas).length,
  ]);
  const head = ['run', 'syncs', 'same CPU use, simulated', 'same replicas, simulated'];
  return rows.length === 0 ? NO_DATA : table(head, rows);
}
