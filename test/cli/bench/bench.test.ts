import { Command } from 'commander';

import { addBenchCommand } from '../../../cli/bench/bench';

/** The command, made anew, with its output collected. */
function command() {
  const output: string[] = [];
  const program = new Command('tandem');
  addBenchCommand(program);
  const all = [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)];
  const collect = (text: string) => void output.push(text);
  for (const each of all) each.exitOverride().configureOutput({ writeOut: collect, writeErr: collect });
  return { program, bench: program.commands[0]!, output };
}

async function helpOf(words: readonly string[]): Promise<string> {
  const { program, output } = command();
  await expect(program.parseAsync(['bench', ...words, '--help'], { from: 'user' })).rejects.toThrow(
    'outputHelp',
  );
  return output.join('');
}

const SUBCOMMANDS = command().bench.commands.map((each) => each.name());

test('bench has its five subcommands', async () => {
  expect(SUBCOMMANDS).toEqual(['load', 'capacity', 'latency', 'timeline', 'run']);
  const help = await helpOf([]);
  for (const name of SUBCOMMANDS) expect(help).toMatch(new RegExp(`^  ${name} `, 'm'));
});

test.each([[[]], ...SUBCOMMANDS.map((name) => [[name]])])(
  'bench %j explains itself with one example, whose options exist',
  async (words: string[]) => {
    const help = await helpOf(words);
    const examples = [...help.matchAll(/^Example: npx tandem bench (\S+) (.+)$/gm)];
    expect(examples).toHaveLength(1);
    const [, name, options] = examples[0]!;
    const { options: known } = command().bench.commands.find((each) => each.name() === name)!;
    const flags = options!.split(' ').filter((word) => word.startsWith('--'));
    expect(flags.filter((flag) => !known.some(({ long }) => long === flag))).toEqual([]);
  },
);

const OUT = ['--out', 'never-written.json'];
const URL = ['--url', 'http://127.0.0.1:1'];

test.each<[string[], string]>([
  [['timeline', ...OUT], 'give either --kubeconfig with --deployment, or --process'],
  [
    ['timeline', '--kubeconfig', 'k', '--process', 'a=http://127.0.0.1:1', ...OUT],
    'give either --kubeconfig with --deployment, or --process',
  ],
  [['timeline', '--kubeconfig', 'k', ...OUT], '--kubeconfig needs --deployment: name what to record'],
  [['timeline', '--process', 'a', ...OUT], 'It must be NAME=VALUE.'],
  [
    ['timeline', '--process', 'a=http://127.0.0.1:1', '--cgroup', 'b=/x', ...OUT],
    '--cgroup b needs a --process of the same name',
  ],
  [
    ['timeline', '--process', 'a=http://127.0.0.1:1', '--deployment', 'd', '--namespace', 'n', ...OUT],
    '--process does not use --deployment and --namespace: leave out --deployment and --namespace',
  ],
  [
    ['timeline', '--kubeconfig', 'k', '--deployment', 'd', '--cgroup', 'a=/x', ...OUT],
    '--kubeconfig does not use --cgroup: leave out --cgroup',
  ],
  [
    ['timeline', '--process', 'a=http://127.0.0.1:1', '--duration', '25h', ...OUT],
    'It must be at most 86400 s.',
  ],
  [
    ['load', '--url', 'https://127.0.0.1', '--load', 'poisson:1:1s'],
    'It must be a URL that begins with http://.',
  ],
  [['load', ...URL, '--load', 'poisson:1'], 'a duration must look like 500ms, 60s, 2m or 1h'],
  [
    ['load', ...URL, '--load', 'poisson:1:1s', '--shard', '3/2'],
    'It must be a part and a number of parts, such as 1/3.',
  ],
  [['load', ...URL, '--load', 'poisson:1:1s', '--start-at', 'now'], '--start-at must be a time in UTC'],
  [
    ['load', ...URL, '--load', 'poisson:1:1s', '--connections', 'kept'],
    '--connections must be fresh, kept:N or',
  ],
  [
    ['load', ...URL, '--load', 'poisson:1:1s', '--image', __filename],
    '--image must end in .jpg, .jpeg, .png, .webp',
  ],
  [['capacity', ...URL, '--slo', '100ms'], '--slo must look like p95=100ms'],
  [['capacity', ...URL, '--slo', 'p95=400'], 'received "p95=400": did you mean p95=400ms?'],
  [['capacity', ...URL, '--slo', 'p95=1s', '--confirm', '25h'], 'It must be at most 86400 s.'],
  [['capacity', ...URL, '--slo', 'p95=1s', '--max-probe', '25h'], 'It must be at most 86400 s.'],
  [
    ['capacity', ...URL, '--slo', 'p95=1s', '--max-probe', '4s'],
    'It must be at least 5 s: one stall would explain all that a shorter probe sees.',
  ],
  [
    ['capacity', ...URL, '--slo', 'p95=1s', '--max-probe', '20s'],
    '--max-probe must be at least 30 s for --slo p95=1000ms, since a queue needs that long to grow over the limit, received 20 s: make it longer',
  ],
  [
    ['capacity', ...URL, '--slo', 'p95=1s', '--confirm', '20s'],
    '--confirm must be at least 30 s for --slo p95=1000ms, since a queue needs that long to grow over the limit, received 20 s: make it longer',
  ],
  [
    ['capacity', ...URL, '--slo', 'p95=15s'],
    '--timeout must be at least the limit of --slo, 15 s, received 10 s: make it longer',
  ],
  [
    ['load', ...URL, '--load', 'poisson:1:1s', '--slo', 'p95=100ms', '--timeout', '50ms'],
    '--timeout must be at least the limit of --slo, 0.1 s, received 0.05 s: make it longer',
  ],
  [['load', ...URL, '--load', 'poisson:1:1s', '--timeout', '1000h'], 'It must be at most 86400 s.'],
  [['latency', ...URL, '--duration', '30'], 'received "30": add its unit, as in 30s or 30ms'],
  [['latency', ...URL, '--clients', '0'], 'It must be a whole number from 1 to 1000.'],
])('%j is refused with the remedy', async (words, message) => {
  const { program } = command();
  await expect(program.parseAsync(['bench', ...words], { from: 'user' })).rejects.toThrow(message);
});
