import { Command } from 'commander';

import { printUsageErrors } from '../../cli/ending';
import { addPull } from '../../cli/pull';
import { addTrain } from '../../cli/train';
import { improveUsageErrors, isRequired } from '../../cli/usage-errors';

/** What a command line prints that commander refuses. */
async function errorOf(...words: string[]): Promise<string> {
  const written: string[] = [];
  const program = printUsageErrors(new Command('tandem'), false)
    .exitOverride()
    .configureOutput({ writeErr: (text) => written.push(text) });
  addTrain(program, () => {
    throw new Error('trains');
  });
  addPull(program);
  await expect(improveUsageErrors(program).parseAsync(words, { from: 'user' })).rejects.toThrow();
  return written.join('');
}

test.each([
  [
    'a wrong argument',
    ['train', 'lateny', '--data', 'x'],
    "error: command-argument value 'lateny' is invalid for argument 'model'. Allowed choices are accuracy, latency.",
  ],
  [
    'an unknown option',
    ['train', 'latency', '--epochs', '3'],
    "error: unknown option '--epochs'\n(Did you mean --head-epochs or --fine-tune-epochs?)",
  ],
  [
    'a misspelt option',
    ['train', 'latency', '--dota', 'x'],
    "error: unknown option '--dota'\n(Did you mean --data?)",
  ],
  [
    'a required option',
    ['train', 'latency', '--data', 'x'],
    "error: required option '--out <folder>' not specified",
  ],
  ['an argument', ['pull'], "error: missing required argument 'set': the only one is imagenet"],
  ['an argument', ['train'], "error: missing required argument 'model': one of accuracy, latency"],
])('%s is named first: %j', async (_what, words, error) => {
  expect(await errorOf(...words)).toBe(`${error}\n(add --help for the options)\n`);
});

test('the help still marks the options that a command needs', () => {
  const program = new Command('tandem');
  addTrain(program, () => {
    throw new Error('trains');
  });
  const [train] = improveUsageErrors(program).commands;
  expect(train!.options.filter(isRequired).map(({ long }) => long)).toEqual(['--data', '--out']);
});
