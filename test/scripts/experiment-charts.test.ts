import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { evidenceOf } from '../../bench/evidence/evidence';
import { partsOf, staleFiles } from '../../scripts/experiment-charts';
import { ROOT } from '../../scripts/documents';
import { syntheticRun } from '../bench/evidence/synthetic-run';

test('every part that the data gives is on the page once', () => {
  const page = readFileSync(join(ROOT, 'docs/experiment.md'), 'utf8');
  const found = [...page.matchAll(/<!-- ([\w-]+): npm run experiments:charts -->/g)].map(([, name]) => name!);
  expect(found.sort()).toEqual(Object.keys(partsOf(evidenceOf([]), [], new Map(), '')).sort());
});

/** A project with the real pages and the data of one synthetic run. */
function projectWith(load: string): string {
  const root = mkdtempSync(join(tmpdir(), 'project-'));
  mkdirSync(join(root, 'docs/experiment/data'), { recursive: true });
  for (const page of ['docs/experiment.md', 'docs/reference.md'])
    copyFileSync(join(ROOT, page), join(root, page));
  addData(root, 1, load);
  return root;
}

function addData(root: string, repetition: number, load: string): void {
  const run = syntheticRun({
    ...{ variant: 'latency-single-pod', repetition, load },
    ...{ cpuSecondsPerImage: 0.025, cpuFactor: 0.19, limitMs: 250 },
  });
  const file = join(root, `docs/experiment/data/latency-single-pod-${repetition}.json.gz`);
  writeFileSync(file, gzipSync(JSON.stringify(run)));
}

function write(root: string): void {
  for (const [path, bytes] of staleFiles(root)) writeFileSync(join(root, path), bytes!);
}

test('charts, the picture and the page are stale until they are written, and again when data is added', () => {
  const root = projectWith('steps:4,8,16:20s');
  const files = ['docs/experiment/single-pod.svg', 'docs/experiment/best.png', 'docs/experiment.md'];
  expect([...staleFiles(root).keys()]).toEqual(files);
  write(root);
  expect([...staleFiles(root).keys()]).toEqual([]);
  addData(root, 2, 'steps:4,8,16:20s');
  expect([...staleFiles(root).keys()]).toEqual(files);
});

test('a chart that the data does not give is stale and should go', () => {
  const root = projectWith('steps:4,8,16:20s');
  write(root);
  writeFileSync(join(root, 'docs/experiment/old.svg'), '<svg/>');
  expect([...staleFiles(root)]).toEqual([['docs/experiment/old.svg', undefined]]);
});

test('a file that is no document is named', () => {
  const root = projectWith('steps:4,8,16:20s');
  writeFileSync(join(root, 'docs/experiment/data/other.json.gz'), gzipSync('{}'));
  expect(() => staleFiles(root)).toThrow(/other\.json\.gz: the document must have schema/);
});
