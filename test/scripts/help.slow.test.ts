/** What the commands of package.json that test and measure say of themselves. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { ROOT } from '../../scripts/documents';
import { scripts } from '../../package.json';

/** A program starts, on a busy machine. */
const TIMEOUT_MS = 120_000;
/** Jest's own, and a chain of commands. */
const OTHERS = ['test:fast', 'test:slow', 'test:native'];

const commands = Object.entries(scripts).filter(
  ([name]) => /^(test:|bench:|validate:|experiments|confirm:)/.test(name) && !OTHERS.includes(name),
);
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const env = { ...process.env, PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter) };
const run = (command: string) => {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { cwd: ROOT, env, encoding: 'utf8' });
  return { status, stdout, stderr };
};

/** How a program answers `--help`: by the functions for that, by commander or by an option of its own. */
const ANSWERS = /(programArguments|answerHelp|asksToCheck)\(__filename|new Command\(|\bhelp: \{ type/;

test.each(commands)('%s knows --help', (_name, command) => {
  const shell = /^bash (\S+)/.exec(command)?.[1];
  const source = shell === undefined ? '' : read(shell);
  if (source.includes('/support/help.sh"')) return;
  const [, program] = / (\S+\.ts)/.exec(command) ?? /tsx (\S+\.ts)/.exec(source)!;
  expect(existsSync(join(ROOT, program!))).toBe(true);
  expect(ANSWERS.test(read(program!))).toBe(true);
  // Before it installs, builds or starts anything; test:chaos passes its arguments on and does nothing else with them.
  if (shell !== undefined && shell !== 'test/chaos/run.sh') expect(source).toContain("' --help '");
});

test(
  'a suite and a program explain themselves in the words at the head of their files',
  () => {
    expect(run(`${scripts['test:node']} --help`)).toEqual({
      status: 0,
      stdout: expect.stringMatching(
        /^Runs the unit tests with other versions of Node.*\nusage: .*\n$/,
      ) as string,
      stderr: '',
    });
    const chaos = run(`${scripts['test:chaos']} --help`);
    expect(chaos).toMatchObject({ status: 0, stderr: '' });
    expect(chaos.stdout).toMatch(
      /^Injects faults .*npm run test:chaos -- \[--long\].*\n\nFAULT is one of overload, /s,
    );
  },
  TIMEOUT_MS,
);

test(
  'an option that a program does not know is named in a sentence',
  () => {
    const { status, stderr } = run(`${scripts['bench:batching']} --rouns 3`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: Unknown option '--rouns'.*; --help lists the options\n$/);
  },
  TIMEOUT_MS,
);
