/**
 * Draws the chart of docs/performance/ from the data in it and fills the tables of docs/performance.md:
 * `npm run bench:peers:charts`. With `-- --check` it writes nothing and fails if a file would change.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { peersChart } from '../bench/peers/chart';
import { parsePeersDocument, type PeersDocument } from '../bench/peers/peers-document';
import { HALF_CORE_MILLIS, ONE_CORE_MILLIS, TWO_CORES_MILLIS } from '../bench/peers/plan';
import {
  bestTable,
  engineTable,
  goalsTable,
  NO_DATA,
  serversTable,
  settingsTable,
  setupText,
  skippedList,
} from '../bench/peers/tables';
import type { ModelId } from '../models/catalog';
import { withTables } from './docs-tables';
import { ROOT } from './documents';
import { asksToCheck, titleOf, writeStale } from './stale-files';

const COMMAND = 'npm run bench:peers:charts';
const PAGE = 'docs/performance.md';
const CHART = 'docs/performance/peers.svg';
const DATA = 'docs/performance/data/peers.json';

/** The tables of servers by the name in their markers. */
const SERVERS: Readonly<Record<string, readonly [model: ModelId, limitMillis: number]>> = {
  'latency-one': ['latency', ONE_CORE_MILLIS],
  'accuracy-one': ['accuracy', ONE_CORE_MILLIS],
  'latency-two': ['latency', TWO_CORES_MILLIS],
  'accuracy-two': ['accuracy', TWO_CORES_MILLIS],
  'latency-half': ['latency', HALF_CORE_MILLIS],
};

/** The parts of the page by the name in their markers. */
export function partsOf(document: PeersDocument | undefined): Readonly<Record<string, () => string>> {
  const part = (make: (document: PeersDocument) => string) => () =>
    document === undefined ? NO_DATA : make(document);
  const servers = Object.entries(SERVERS).map(
    ([name, [model, limitMillis]]) =>
      [name, part((document) => serversTable(document, model, limitMillis))] as const,
  );
  return {
    chart: part((document) => `![${titleOf(peersChart(document))}](performance/peers.svg)`),
    'peers-setup': part(setupText),
    goals: part(goalsTable),
    best: part(bestTable),
    engine: part(engineTable),
    'peer-settings': part(settingsTable),
    skipped: part(skippedList),
    ...Object.fromEntries(servers),
  };
}

/** The files of `root` that do not agree with its data: with what they should hold, or undefined if they should not be. */
export function stalePeersFiles(root: string): Map<string, string | undefined> {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const document = existsSync(join(root, DATA)) ? parsePeersDocument(read(DATA)) : undefined;
  const wanted = new Map([
    [CHART, document && peersChart(document)],
    [PAGE, withTables(read(PAGE), partsOf(document), COMMAND)],
  ]);
  const current = (path: string) => (existsSync(join(root, path)) ? read(path) : undefined);
  return new Map([...wanted].filter(([path, content]) => current(path) !== content));
}

if (require.main === module) {
  const isCheck = asksToCheck(__filename);
  writeStale(stalePeersFiles(ROOT), { data: DATA, command: COMMAND, isCheck });
}
