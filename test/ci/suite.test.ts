import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SUITE = join(__dirname, '../../.ci/suite.sh');

/** What `suite` says of a suite `x` that runs a shell command, with the counts in the last line. */
function suite(command: string): string[] {
  const script = `set -euo pipefail
    source "$1"
    passed=0 failed=0 skipped=0 limit_seconds=100 logs=$2 failures=$2/failures
    suite 1 x bash -c "$3"
    echo "$passed passed, $failed failed, $skipped skipped"`;
  const logs = mkdtempSync(join(tmpdir(), 'suite-'));
  return execFileSync('bash', ['-c', script, 'bash', SUITE, logs, command], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

test('a suite that skips itself counts as skipped, not as passed', () => {
  expect(suite('echo "SKIPPED x: y"').at(-1)).toBe('0 passed, 0 failed, 1 skipped');
});

test('a suite that skips parts passes and says how many', () => {
  const said = suite('echo "SKIPPED a: b"; echo "    SKIPPED xy: z"; echo "not SKIPPED x: y"');
  expect(said.at(-1)).toBe('1 passed, 0 failed, 0 skipped');
  expect(said.at(-2)).toMatch(/^== x passed in \d+ s; 2 parts skipped$/);
});

test('a suite that skips nothing says nothing of parts', () => {
  expect(suite('echo ok').at(-2)).toMatch(/^== x passed in \d+ s$/);
});

test('a suite that fails after it skipped a part counts as failed', () => {
  expect(suite('echo "SKIPPED x: y"; exit 1').at(-1)).toBe('0 passed, 1 failed, 0 skipped');
});
