import { execFileSync } from 'node:child_process';

import { Command, Option } from 'commander';

import { addCompletion, completionScript } from '../../cli/completion';
import { describeTrain } from '../../cli/train';

/** A program with commands on two levels, as tandem is. */
function program(): Command {
  const tandem = new Command('tandem').version('1', '--version');
  describeTrain(tandem.command('train'));
  const bench = tandem.command('bench');
  bench
    .command('load')
    .option('--out <file>')
    .addOption(new Option('--form <form>').choices(['closed', 'open']))
    .option('--json');
  bench.command('latency');
  addCompletion(tandem);
  return tandem;
}

/** What bash offers for the last of the words. */
function offered(...words: string[]): string[] {
  const commands = `set -u; ${completionScript(program())}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tandem; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['--norc', '-c', commands, 'bash', 'tandem', ...words], {
    encoding: 'utf8',
  });
  return output.split('\n').filter((line) => line !== '');
}

test('commands and options are offered where they can stand', () => {
  expect(offered('')).toEqual(['train', 'bench', 'completion', '--version', '--help']);
  expect(offered('b')).toEqual(['bench']);
  expect(offered('bench', '')).toEqual(['load', 'latency', '--help']);
  expect(offered('bench', 'load', '--')).toEqual(['--out', '--form', '--json', '--help']);
  expect(offered('bench', 'load', '--json', '--f')).toEqual(['--form']);
});

test('after an option, its choices are offered', () => {
  expect(offered('bench', 'load', '--form', '')).toEqual(['closed', 'open']);
  expect(offered('train', 'latency', '--recipe', 't')).toEqual(['tuned']);
});

test('after an option with another value nothing is offered, so that bash completes files', () => {
  expect(offered('bench', 'load', '--out', '')).toEqual([]);
  expect(offered('train', 'latency', '--data', 'b')).toEqual([]);
  expect(completionScript(program())).toMatch(/^complete -o default -F _tandem tandem$/m);
});

test('a value that is the name of a command is no command', () => {
  expect(offered('bench', 'load', '--out', 'train', '--f')).toEqual(['--form']);
});
