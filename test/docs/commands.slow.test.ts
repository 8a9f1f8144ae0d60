import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { DOCUMENTS, ROOT } from '../../scripts/documents';
import { fencedBlocks, inlineCode } from '../support/markdown';

const read = (document: string) => readFileSync(join(ROOT, document), 'utf8');
// The changelog names what past versions had.
const PAGES = DOCUMENTS.filter((document) => document !== 'CHANGELOG.md');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

const FOLDERS = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^(\.|build$|coverage$|node_modules$)/.test(entry.name))
  .map(({ name }) => name);

/** Words of a command or of inline code that name a file or folder of this project. */
const pathsIn = (text: string) =>
  text
    .split(/[\s'"@=,;()]+/)
    .filter((word) => /^[\w./-]+\/[\w./-]*$/.test(word) && FOLDERS.includes(word.split('/')[0]!));

const commands = (document: string) => fencedBlocks(read(document), 'sh').join('\n');

test('README.md has at most 130 lines', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(130);
});

test.each(PAGES)('every npm script that %s names exists', (document) => {
  const named = [...read(document).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test.each(PAGES)('every path of the project that %s names in code exists', (document) => {
  const named = [commands(document), ...inlineCode(read(document))].flatMap(pathsIn);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('a path that does not exist is found in a command', () => {
  expect(pathsIn("curl --data-binary @models/none.jpg 'localhost:8080/v1' dist/,build/x")).toEqual([
    'models/none.jpg',
    'dist/',
  ]);
});

test('docs/development.md names every suite and every benchmark', () => {
  const named = read('docs/development.md');
  const missing = Object.keys(scripts).filter(
    (name) => /^(test|bench):/.test(name) && !named.includes(`npm run ${name}\``),
  );
  expect(missing).toEqual([]);
});

test('docs/development.md gives each suite the time limit of .ci/run', () => {
  const limits = [...read('.ci/run').matchAll(/\bsuite (\d+) '?(test:\w+)'? /g)];
  expect(limits.length).toBeGreaterThan(0);
  for (const [, seconds, name] of limits) {
    const row = read('docs/development.md')
      .split('\n')
      .find((line) => line.startsWith(`| \`npm run ${name}\``));
    expect(row).toMatch(new RegExp(` ${Math.ceil(Number(seconds) / 60)} min +\\|$`));
  }
});

test('README.md lists every folder of the project', () => {
  const rows = [...read('README.md').matchAll(/^\| `([\w-]+)\/` /gm)].map(([, name]) => name!);
  expect(rows.sort()).toEqual([...FOLDERS].sort());
});

test('README.md has the commands that need options with them, so that they run as they stand', () => {
  expect(read('README.md')).toContain('`npx tandem plan --slo ');
  expect(read('README.md')).toContain('`npx tandem explain hpa docs/');
});

/** Commands that have subcommands. */
const GROUPS = ['bench', 'explain'];
/** A command and its subcommand, if it has one: `bench load`. */
const nameOf = ([command, next]: readonly string[]) =>
  GROUPS.includes(command!) && next !== undefined && /^\w/.test(next) ? `${command} ${next}` : command!;
/** The words after `npx tandem` in the commands of every page, continued lines joined. */
const tandemCalls = PAGES.flatMap((document) =>
  [
    ...commands(document)
      .replaceAll('\\\n', ' ')
      .matchAll(/npx tandem ([^\n#|]+)/g),
  ].map(([, words]) => words!.trim().split(/\s+/)),
);
const helpOf = async (name: string): Promise<string> => {
  const main = join(ROOT, 'cli', 'main.ts');
  const argv = ['--import', 'tsx', main, ...name.split(' '), '--help'];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: ROOT });
  return stdout;
};

test.each([...new Set(tandemCalls.map(nameOf))])(
  '`npx tandem %s` exists and has the options that the documents give it',
  async (name) => {
    const help = await helpOf(name);
    expect(help).toContain(`Usage: tandem ${name} `);
    const options = tandemCalls.filter((words) => nameOf(words) === name).flat();
    const flags = options.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]!);
    expect(flags.filter((flag) => !help.includes(`${flag} `))).toEqual([]);
  },
);

/** The options after `--` of each npm script that a page names; `-- --x` alone belongs to the script named before it. */
function optionsOfScripts(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    let name: string | undefined;
    for (const [, named, words = ''] of line.matchAll(
      /(?:npm run ([\w:-]+)|`(?=-- ))(?: ?-- ([^`#\n]*))?/g,
    )) {
      name = named ?? name;
      const options = words.match(/(?<!\S)--[\w-]+/g) ?? [];
      if (name === undefined || options.length === 0) continue;
      found.set(name, new Set([...(found.get(name) ?? []), ...options]));
    }
  }
  return found;
}

test('options of npm scripts are found in prose and in commands', () => {
  const text =
    'Run `npm run one -- --a 1 --b`; `npm run two` is next (`-- --c FILE`, `-- 26`).\nnpm run one -- x --d   # --e\n`-- --f`';
  expect(optionsOfScripts(text)).toEqual(
    new Map([
      ['one', new Set(['--a', '--b', '--d'])],
      ['two', new Set(['--c'])],
    ]),
  );
});

test.each([...optionsOfScripts(PAGES.map(read).join('\n'))])(
  '`npm run %s -- --help` has the options that the documents give it',
  async (name, options) => {
    const PATH = [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
    const { stdout } = await promisify(execFile)('bash', ['-c', `${scripts[name]!} --help`], {
      cwd: ROOT,
      env: { ...process.env, PATH },
    });
    expect([...options].filter((option) => !stdout.includes(option))).toEqual([]);
  },
);
