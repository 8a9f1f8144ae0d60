import { CLUSTER } from '../../infra/scheduler/cluster';
import { fitWarnings } from '../../infra/fit/fit-text';
import { warningLines, writtenLine } from '../../infra/synth-text';

test('synth warns in one line per variant, then says once what to do', () => {
  expect(warningLines(fitWarnings('container', () => CLUSTER))).toEqual([
    'warning: accuracy-max-size: 2 of 4 pods stay Pending on the reference’s 3 nodes',
    'warning: accuracy-hpa: at maxReplicas, 6 of 10 pods stay Pending on the reference’s 3 nodes',
    'warning: previous-max-size: 2 of 4 pods stay Pending on the reference’s 3 nodes',
    'With --basis node (TANDEM_BASIS=node), accuracy-max-size and previous-max-size fit: docs/deploying.md#will-it-fit.',
    'See why: npx tandem fit accuracy-max-size.',
  ]);
});

test('a variant that fits on neither basis gets no other basis as its remedy', () => {
  expect(warningLines(fitWarnings('node', () => CLUSTER))).toEqual([
    'warning: accuracy-hpa: at maxReplicas, 4 of 10 pods stay Pending on the reference’s 3 nodes',
    'See why: npx tandem fit accuracy-hpa.',
  ]);
});

test('a variant at both of whose bounds pods stay Pending has one line', () => {
  const warnings = [2, 10].map((replicas) => ({
    variant: 'accuracy-hpa',
    verdict: 'both',
    text: String(replicas),
  }));
  expect(warningLines(warnings).filter((line) => line.startsWith('warning:'))).toHaveLength(1);
});

test('nothing is said where every pod fits', () => {
  expect(warningLines([])).toEqual([]);
});

test('synth says in one line what it wrote, what it changed and how git gets that back', () => {
  const written = { files: ['a', 'b', 'c'], changed: [] };
  expect(writtenLine('dist', written, true)).toBe('wrote 3 files to dist');
  const changed = { ...written, changed: ['a', 'c'] };
  expect(writtenLine('dist', changed, true)).toBe(
    'wrote 3 files to dist; changed a and c; to get the committed ones back: git checkout -- dist',
  );
  expect(writtenLine('build/m', changed, false)).toBe('wrote 3 files to build/m; changed a and c');
});
