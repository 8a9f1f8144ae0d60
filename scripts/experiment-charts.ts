/**
 * Draws the charts of docs/experiment/ from the data in it and fills the tables of docs/experiment.md:
 * `npm run experiments:charts`. With `-- --check` it writes nothing and fails if a file would change.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { chartsOf } from '../bench/evidence/charts/charts';
import { type Evidence, readEvidence } from '../bench/evidence/evidence';
import { replayTable } from '../bench/evidence/charts/hpa-replay-chart';
import {
  balanceTable,
  capacityTable,
  deviationsList,
  hpaTable,
  tradeTable,
} from '../bench/evidence/charts/tables';
import { measuredRatesTable } from '../bench/evidence/charts/rates-table';
import { printedPodsTable, reportedTable } from '../bench/evidence/charts/reported-tables';
import { NO_DATA } from '../bench/evidence/words';
import { type Accuracies, type TradePoint, tradeOf } from '../bench/evidence/trade';
import { tradeChart } from '../bench/evidence/charts/trade-chart';
import { MODEL_IDS, type ModelId } from '../models/catalog';
import { readInt8File } from '../models/engines/onnxruntime/int8-file';
import { readSavedModel } from '../models/weights/saved-model';
import { withTables } from './docs-tables';
import { ROOT } from './documents';
import { asksToCheck, titleOf, writeStale } from './stale-files';
import { svgToPng } from './svg-to-png';

const COMMAND = 'npm run experiments:charts';
const PAGE = 'docs/experiment.md';
const REFERENCE = 'docs/reference.md';
const CHARTS = 'docs/experiment';
const DATA = `${CHARTS}/data`;
/** The chart that README.md opens with: the first of these that there is. */
const BEST = ['latency-hpa.svg', 'accuracy-hpa.svg', 'single-pod.svg'];
const BEST_PNG = 'best.png';

/** Markdown of the charts whose names begin so. */
function images(charts: ReadonlyMap<string, string>, prefix: string): string {
  const shown = [...charts].filter(([name]) => name.startsWith(prefix));
  if (shown.length === 0) return NO_DATA;
  return shown.map(([name, svg]) => `![${titleOf(svg)}](experiment/${name})`).join('\n\n');
}

/** What the gate measured of the demo models at both precisions. */
const demoAccuracies = () =>
  Object.fromEntries(
    MODEL_IDS.map((model) => {
      const int8 = readInt8File(readSavedModel(join(ROOT, 'models/demo', model)));
      if (int8 === undefined)
        throw new Error(`models/demo/${model} must have an int8.json: run npm run demo:int8`);
      const { accuracyFp32: fp32, accuracyInt8, images } = int8.cost;
      return [model, { fp32, int8: accuracyInt8, images }] as const;
    }),
  ) as Record<ModelId, Accuracies>;

/** The parts of the page that the data gives, by the name in their markers. */
export const partsOf = (
  evidence: Evidence,
  trade: readonly TradePoint[],
  charts: ReadonlyMap<string, string>,
  reference: string,
): Readonly<Record<string, () => string>> => ({
  'single-pod': () => images(charts, 'single-pod'),
  'max-size': () => images(charts, 'max-size'),
  'accuracy-hpa': () => images(charts, 'accuracy-hpa'),
  'latency-hpa': () => images(charts, 'latency-hpa'),
  trade: () => images(charts, 'trade'),
  'trade-table': () => (trade.length === 0 ? NO_DATA : tradeTable(trade)),
  'load-share': () => images(charts, 'load-share'),
  replay: () => images(charts, 'replay'),
  replays: () => replayTable(evidence),
  capacity: () => capacityTable(evidence),
  'rates-measured': () => measuredRatesTable(evidence),
  'hpa-runs': () => hpaTable(evidence),
  balance: () => balanceTable(evidence),
  'printed-pods': () => printedPodsTable(evidence),
  reported: () => reportedTable(evidence, reference),
  deviations: () => deviationsList(evidence),
});

/** Every file that the data gives, by its path in the project. */
export function experimentFiles(evidence: Evidence, page: string, reference: string): Map<string, Buffer> {
  const { machine } = evidence;
  const trade = machine === undefined ? [] : tradeOf(machine, demoAccuracies());
  const charts = new Map([
    ...chartsOf(evidence),
    ...(machine === undefined ? [] : [['trade.svg', tradeChart(trade, machine)] as const]),
  ]);
  const best = BEST.map((name) => charts.get(name)).find((svg) => svg !== undefined);
  return new Map([
    ...[...charts].map(([name, svg]) => [`${CHARTS}/${name}`, Buffer.from(svg)] as const),
    ...(best === undefined ? [] : [[`${CHARTS}/${BEST_PNG}`, svgToPng(best)] as const]),
    [PAGE, Buffer.from(withTables(page, partsOf(evidence, trade, charts, reference), COMMAND))],
  ]);
}

/** The files of `root` that do not agree with its data: with what they should hold, or undefined if they should not be. */
export function staleFiles(root: string): Map<string, Buffer | undefined> {
  const read = (path: string) => readFileSync(join(root, path));
  const folder = join(root, CHARTS);
  const wanted = experimentFiles(
    readEvidence(join(root, DATA)),
    read(PAGE).toString('utf8'),
    read(REFERENCE).toString('utf8'),
  );
  const present = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => /\.(svg|png)$/.test(name))
    .map((name) => `${CHARTS}/${name}`);
  const isStale = (path: string, bytes: Buffer) => !existsSync(join(root, path)) || !read(path).equals(bytes);
  return new Map<string, Buffer | undefined>([
    ...[...wanted].filter(([path, bytes]) => isStale(path, bytes)),
    ...present.filter((path) => !wanted.has(path)).map((path) => [path, undefined] as const),
  ]);
}

if (require.main === module) {
  const isCheck = asksToCheck(__filename);
  writeStale(staleFiles(ROOT), { data: `${DATA}/`, command: COMMAND, isCheck });
}
