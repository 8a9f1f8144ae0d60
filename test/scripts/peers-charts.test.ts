import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { ROOT } from '../../scripts/documents';
import { partsOf, stalePeersFiles } from '../../scripts/peers-charts';
import { syntheticDocument } from '../bench/peers/synthetic-document';

const PAGE = 'docs/performance.md';
const CHART = 'docs/performance/peers.svg';
const DATA = 'docs/performance/data/peers.json';

test('chart and tables agree with docs/performance/data/; if not, run `npm run bench:peers:charts`', () => {
  expect([...stalePeersFiles(ROOT).keys()]).toEqual([]);
});

test('every part that the data gives is on the page once', () => {
  const page = readFileSync(join(ROOT, PAGE), 'utf8');
  const found = [...page.matchAll(/<!-- ([\w-]+): npm run bench:peers:charts -->/g)].map(([, name]) => name!);
  expect(found.sort()).toEqual(Object.keys(partsOf(undefined)).sort());
});

test('chart and page are stale until they are written, and the chart should go with the data', () => {
  const root = mkdtempSync(join(tmpdir(), 'tandem-project-'));
  try {
    mkdirSync(join(root, dirname(DATA)), { recursive: true });
    copyFileSync(join(ROOT, PAGE), join(root, PAGE));
    writeFileSync(join(root, DATA), JSON.stringify(syntheticDocument()));
    expect([...stalePeersFiles(root).keys()]).toEqual([CHART, PAGE]);
    for (const [path, content] of stalePeersFiles(root)) writeFileSync(join(root, path), content!);
    expect([...stalePeersFiles(root).keys()]).toEqual([]);
    rmSync(join(root, DATA));
    expect(stalePeersFiles(root).get(CHART)).toBeUndefined();
    expect([...stalePeersFiles(root).keys()]).toEqual([CHART, PAGE]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
