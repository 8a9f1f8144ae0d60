/** The chart of the load's balance: each pod's share of the answers, by node. Pure. */
import { linearAxis } from '../../../charts/axis';
import { MARGIN_PX } from '../../../charts/card';
import { COLOURS, tint } from '../../../charts/colours';
import { type Frame, yAxis } from '../../../charts/panel';
import { percentTick } from '../../../charts/percent';
import { poster } from '../../../charts/poster';
import { line, rect, text } from '../../../charts/svg';
import { type Balance, chanceBand } from '../balance';
import { claimOf, loadShareTitle } from './claims';
import { MODEL_STYLE } from './model-style';
import { provenance } from './provenance';
import { grouped, jainText, modelName, plural } from '../words';

const COLUMNS = [
  { left: 74, right: 300 },
  { left: 360, right: 586 },
] as const;
const ROW_HEIGHT_PX = 172;
const PLOT_HEIGHT_PX = 104;
/** Bars share this part of their place. */
const BAR_SHARE = 0.7;
/** Room between the pods of two nodes, in bars. */
const NODE_GAP = 0.5;

function panel(balance: Balance, index: number): string[] {
  const { pods, run, jain, answered } = balance;
  const { left, right } = COLUMNS[index % 2]!;
  const top = 44 + Math.floor(index / 2) * ROW_HEIGHT_PX;
  const frame: Frame = { left, right, top, bottom: top + PLOT_HEIGHT_PX };
  const [low, high] = chanceBand(balance);
  const highest = Math.max(high, ...pods.map(({ share }) => share));
  const y = linearAxis([0, 1.1 * highest], [frame.bottom, frame.top], { format: percentTick });
  const nodes = [...new Set(pods.map(({ node }) => node))];
  const width = (right - left) / (pods.length + NODE_GAP * nodes.length);
  const { colour } = MODEL_STYLE[run.model];
  let x = left + (width * NODE_GAP) / 2;
  const bars = nodes.flatMap((node, i) => {
    const own = pods.filter((pod) => pod.node === node);
    const from = x;
    const drawn = own.map(({ share }) => {
      const bar = rect(
        x + (width * (1 - BAR_SHARE)) / 2,
        y.at(share),
        width * BAR_SHARE,
        frame.bottom - y.at(share),
        {
          fill: tint(colour, i % 2 === 0 ? 1 : 0.65),
        },
      );
      x += width;
      return bar;
    });
    const middle = (from + x) / 2;
    x += width * NODE_GAP;
    return [
      ...drawn,
      line(from, frame.bottom + 3, x - width * NODE_GAP, frame.bottom + 3, { stroke: COLOURS.quiet }),
      text(middle, frame.bottom + 18, node, { 'text-anchor': 'middle', 'font-size': 11 }),
    ];
  });
  return [
    text(
      left,
      top - 22,
      `${modelName(run.model)}, ${run.kind === 'hpa' ? `HPA, ${run.experiment.split('-').at(-1)}` : run.kind}`,
      {
        ...{ 'font-weight': 600, fill: colour },
      },
    ),
    text(left, top - 7, `Jain ${jainText(jain)}, ${plural(pods.length, 'pod')}, n = ${grouped(answered)}`, {
      'font-size': 11,
    }),
    rect(left, y.at(high), right - left, y.at(low) - y.at(high), { fill: tint(COLOURS.quiet, 0.25) }),
    ...yAxis(frame, y, 'share, %'),
    ...bars,
    line(left, y.at(1 / pods.length), right, y.at(1 / pods.length), {
      ...{ stroke: COLOURS.ink, 'stroke-dasharray': '4 3' },
    }),
  ];
}

/**
 * Draws the chart as SVG.
 *
 * @param balances one per deployment, at least one
 * @param all the claim speaks of these. @default what is drawn
 */
export function loadShareChart(balances: readonly Balance[], all = balances): string {
  const runs = all.map(({ run }) => run);
  const height = Math.ceil(balances.length / 2) * ROW_HEIGHT_PX + 46;
  return poster(
    height,
    {
      title: claimOf(loadShareTitle(all), runs),
      description: balances
        .map(({ run, pods, jain }) => {
          const shares = pods.map(({ share }) => `${percentTick(share)} %`).join(', ');
          return `${run.experiment}: shares ${shares}; Jain’s index ${jainText(jain)}.`;
        })
        .join(' '),
      strip: [
        ...provenance(runs),
        ...(all.length > balances.length
          ? [`drawn: ${balances.length} of ${plural(all.length, 'run')}`]
          : []),
      ],
    },
    ...balances.flatMap(panel),
    ...CAPTION.map((words, i) =>
      text(MARGIN_PX, height - 22 + 14 * i, words, { 'font-size': 11, fill: COLOURS.quiet }),
    ),
  );
}

const CAPTION = [
  'One bar per pod. Dashed: equal shares, for which Jain’s index is 1.',
  'Grey: where chance alone puts 95 % of the shares.',
];
