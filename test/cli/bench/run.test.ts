import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';

import { addRunCommand, type LoadFunctions } from '../../../cli/bench/run';

const LOAD: LoadFunctions = {
  durationSecondsOf: (load) => {
    if (load !== 'poisson:20:60s') throw new RangeError(`--load must be a load, received ${load}`);
    return 60;
  },
  mergeRuns: ([first]) => first!,
  brokenText: ({ rule }) => rule,
};

/** Runs the command with some options changed. */
function bench(changes: Readonly<Record<string, string>> = {}) {
  const program = new Command('bench').exitOverride().configureOutput({ writeErr: () => undefined });
  addRunCommand(program, LOAD);
  const options: Record<string, string> = {
    ...{ kubeconfig: 'missing.kubeconfig', variant: 'latency-hpa', load: 'poisson:20:60s' },
    ...{ image: 'missing.jpg', out: join(mkdtempSync(join(tmpdir(), 'tandem-run-')), 'run.json') },
    ...changes,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  program.commands.forEach((command) => command.exitOverride());
  return program.parseAsync(['run', ...args], { from: 'user' });
}

test.each([
  ['Allowed choices are accuracy-single-pod, ', { variant: 'no-such-variant' }],
  ['--load must be a load, received fast', { load: 'fast' }],
  ["argument '0' is invalid. It must be a whole number from 1 to 50", { pods: '0' }],
  ["argument '-1' is invalid. It must be a whole number from 0 to 3600", { idle: '-1' }],
  ["argument '' is invalid. It must be a path", { out: '' }],
  ["no such file or directory, open 'missing.jpg'", {}],
])('refuses before anything is applied: %s', async (message, changes) => {
  await expect(bench(changes)).rejects.toThrow(message);
});
