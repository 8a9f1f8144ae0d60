import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { SOURCE_LINES, SOURCE_VERSION } from '../../../bench/adviser/source-lines';
import { PACKAGE_ROOT } from '../../../files/package-root';
import { movedLines } from '../../autoscaler/moved-lines';
import { ORACLES } from '../../autoscaler/oracles';

const textOf = (path: string) => readFileSync(join(PACKAGE_ROOT, path), 'utf8');

/** What an oracle counts and no step of an explanation is about. */
const WITHOUT_STEP = ['fewer', 'same', 'more', 'request-of-pod', 'ReadyForNewScale', 'DesiredWithinRange'];

test.each(ORACLES)('each rule of the oracle of $name has its line in Kubernetes’ source', ({ rules }) => {
  // The calculator's errors are sentences; no-metrics stands for all of them.
  const steps = rules.filter((rule) => !rule.includes(' ') && !WITHOUT_STEP.includes(rule));
  expect(Object.keys(SOURCE_LINES)).toEqual(expect.arrayContaining(steps));
});

test('an explanation names no line beside those that are compared with the source', () => {
  expect(textOf('bench/adviser/explain-sync.ts')).not.toMatch(/\.go:\d/);
});

test('the lines are of the version of Kubernetes that the lab builds', () => {
  expect(textOf('bench/lab/binaries/kubernetes/go.mod')).toContain(`k8s.io/kubernetes v${SOURCE_VERSION} `);
});

/** A file with the words of its rules on their lines. */
function written(file: string): string[] {
  const lines: string[] = [];
  for (const [of, line, words] of Object.values(SOURCE_LINES)) {
    if (of === file) lines[line - 1] = `${lines[line - 1] ?? ''} ${words}`;
  }
  return Array.from(lines, (line: string | undefined) => line ?? '');
}

test('a line that moved is named, with where it is now', () => {
  expect(movedLines((file) => written(file).join('\n'))).toEqual([]);
  const moved = movedLines((file) => ['', ...written(file)].join('\n'));
  expect(moved).toHaveLength(Object.keys(SOURCE_LINES).length);
  expect(moved).toContain(
    'disabled: horizontal.go:863 must have "currentReplicas == 0", which is in 864: correct bench/adviser/source-lines.ts',
  );
  expect(movedLines(() => '')[0]).toContain('which is in no line');
});
