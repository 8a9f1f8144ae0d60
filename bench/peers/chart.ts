/** The chart of docs/performance.md: every server's rate on one core, by model and precision. Pure. */
import { linearAxis } from '../../charts/axis';
import { COLOURS, tint } from '../../charts/colours';
import { interval, point, type Shape } from '../../charts/marks';
import { xAxis } from '../../charts/panel';
import { poster } from '../../charts/poster';
import { line, rect, text } from '../../charts/svg';
import type { ModelId } from '../../models/catalog';
import { type Precision, PRECISIONS } from '../../models/engines/engine';
import { medianOf } from '../../statistics/median';
import { CANNOT_TELL, grouped, modelName, plural } from '../evidence/words';
import { byRound, digits, ratios, spread } from './figures';
import { goalCount } from './goals';
import type { PeersDocument } from './peers-document';
import { ONE_CORE_MILLIS } from './plan';
import { SERVER_NAMES, type ServerName, serverOf } from './servers';

const PANELS: Readonly<Record<ModelId, { readonly left: number; readonly right: number }>> = {
  latency: { left: 232, right: 396 },
  accuracy: { left: 424, right: 584 },
};
const NAMES_RIGHT_PX = 222;
const ROW_PX = 25;
const TOP_PX = 44;
/** Room between a panel's longest bar and its right end. */
const ROOM = 1.12;
const STYLE: Readonly<Record<Precision, { readonly colour: string; readonly shape: Shape }>> = {
  fp32: { colour: COLOURS.blue, shape: 'circle' },
  int8: { colour: COLOURS.vermilion, shape: 'square' },
  bf16: { colour: COLOURS.green, shape: 'circle' },
};

const ratesOf = (document: PeersDocument, server: ServerName, model: ModelId, precision: Precision) => [
  ...byRound(document, { server, model, precision, limitMillis: ONE_CORE_MILLIS }, 'perSecond').values(),
];

/** Servers with a rate, those that answer most first. */
function serversOf(document: PeersDocument): ServerName[] {
  const best = (server: ServerName) =>
    Math.max(
      0,
      ...PRECISIONS.map((precision) => medianOf(ratesOf(document, server, 'latency', precision))).filter(
        Number.isFinite,
      ),
    );
  return SERVER_NAMES.filter((server) => best(server) > 0).sort((a, b) => best(b) - best(a));
}

function panel(document: PeersDocument, servers: readonly ServerName[], model: ModelId): string[] {
  const { left, right } = PANELS[model];
  const bottom = TOP_PX + servers.length * ROW_PX;
  const all = servers.flatMap((server) =>
    PRECISIONS.flatMap((precision) => ratesOf(document, server, model, precision)),
  );
  if (all.length === 0) return [];
  const x = linearAxis([0, ROOM * Math.max(...all)], [left, right]);
  const marks = servers.flatMap((server, row) =>
    PRECISIONS.flatMap((precision) => {
      const rates = ratesOf(document, server, model, precision);
      if (rates.length === 0) return [];
      const { colour, shape } = STYLE[precision];
      const y = TOP_PX + (row + 0.5) * ROW_PX;
      return [
        interval(x.at(Math.min(...rates)), x.at(Math.max(...rates)), y, tint(colour, 0.6)),
        point(shape, x.at(medianOf(rates)), y, 5, { fill: colour }),
      ];
    }),
  );
  return [
    text(left, TOP_PX - 10, modelName(model), { 'font-weight': 600 }),
    ...x.ticks.map((tick) => line(x.at(tick), TOP_PX, x.at(tick), bottom)),
    ...marks,
    ...xAxis({ left, right, top: TOP_PX, bottom }, x, 'images per second'),
  ];
}

/** What Tandem's rate at its best precision is of FastAPI's, at fp32 and at the same precision. */
interface Claim {
  readonly precision: Precision;
  /** One ratio per round. */
  readonly ofFp32: readonly number[];
  readonly ofSame: readonly number[];
}

function claimOf(document: PeersDocument, model: ModelId): Claim | undefined {
  const choice = { model, limitMillis: ONE_CORE_MILLIS };
  const rates = (server: ServerName, precision: Precision) =>
    byRound(document, { ...choice, server, precision }, 'perSecond');
  return PRECISIONS.map((precision) => ({
    precision,
    ofFp32: ratios(rates('tandem', precision), rates('fastapi', 'fp32')),
    ofSame: ratios(rates('tandem', precision), rates('fastapi', precision)),
  }))
    .filter(({ ofFp32 }) => ofFp32.length > 0)
    .sort((a, b) => medianOf(b.ofFp32) - medianOf(a.ofFp32))[0];
}

/** The claim with its numbers, medians and ranges of the rounds: also against the same precision, since a lower one alone is faster. */
function titleOf(document: PeersDocument): string {
  const claims = (['latency', 'accuracy'] as const).flatMap((model) => {
    const claim = claimOf(document, model);
    return claim === undefined ? [] : [{ model, ...claim }];
  });
  if (claims.length === 0) return 'Every server’s rate on one core';
  const images = claims.map(
    ({ model, precision, ofFp32 }, i) =>
      `${spread(ofFp32)} times${i === 0 ? ' as many images' : ''} with ${modelName(model)} at ${precision}`,
  );
  const same = claims.flatMap(({ ofSame }) => (ofSame.length === 0 ? [] : [spread(ofSame)]));
  return (
    `On one core${document.rounds === 1 ? '' : `, in ${document.rounds} rounds`}, Tandem answers ` +
    `${images.join(' and ')} as FastAPI with onnxruntime at fp32` +
    (same.length === 0 ? '' : `; at the same precision, ${same.join(' and ')} times`)
  );
}

/**
 * Draws the chart as SVG.
 *
 * @param document with at least one rate of MobileNetV2 on one core
 */
export function peersChart(document: PeersDocument): string {
  const servers = serversOf(document);
  const { met, undecided, measured } = goalCount(document);
  const title = titleOf(document);
  const height = TOP_PX + servers.length * ROW_PX + 72;
  const { machine, commit, startedAt, rounds, form, visits } = document;
  const images = visits.flatMap(({ loads }) => loads).reduce((sum, load) => sum + load.images, 0);
  const own = servers.indexOf('tandem');
  return poster(
    height,
    {
      title,
      description: servers
        .map((server) => {
          const rates = (['latency', 'accuracy'] as const).flatMap((model) =>
            PRECISIONS.flatMap((precision) => {
              const values = ratesOf(document, server, model, precision);
              return values.length === 0
                ? []
                : [`${digits(medianOf(values))} of ${modelName(model)} at ${precision}`];
            }),
          );
          return `${serverOf(server).title}: ${rates.join(', ')} images per second.`;
        })
        .join(' '),
      strip: [
        'measured',
        startedAt.slice(0, 10),
        `n = ${grouped(images)} answers, all checked, in ${plural(rounds, 'round')}`,
        `${plural(machine.cores, 'core')} of ${machine.cpuModel}, CPU limit of one core`,
        `commit ${commit.slice(0, 12)}`,
        `${met} of ${measured} goals met, ${CANNOT_TELL} for ${undecided}`,
        ...(form === 'quick' ? ['quick form (--quick)'] : []),
      ],
    },
    ...(own < 0 ? [] : [rect(20, TOP_PX + own * ROW_PX, 564, ROW_PX, { fill: tint(COLOURS.sky, 0.2) })]),
    ...PRECISIONS.filter((precision) =>
      servers.some((server) => ratesOf(document, server, 'latency', precision).length > 0),
    ).flatMap((precision, i) => {
      const { colour, shape } = STYLE[precision];
      return [
        point(shape, 28 + i * 62, TOP_PX - 14, 5, { fill: colour }),
        text(38 + i * 62, TOP_PX - 10, precision),
      ];
    }),
    ...servers.map((server, row) =>
      text(NAMES_RIGHT_PX, TOP_PX + (row + 0.5) * ROW_PX + 4, serverOf(server).title, {
        ...{ 'text-anchor': 'end', 'font-size': 11 },
        ...(server === 'tandem' ? { 'font-weight': 600 } : {}),
      }),
    ),
    ...panel(document, servers, 'latency'),
    ...panel(document, servers, 'accuracy'),
    text(20, height - 8, 'Marks: medians of the rounds; lines: their range. 320x240 JPEG, four clients.', {
      ...{ 'font-size': 11, fill: COLOURS.quiet },
    }),
  );
}
