import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { DOCUMENTS, ROOT } from '../../scripts/documents';
import { anchorOf, headings, linkTargets } from '../support/markdown';

const FOLDERS = ['bench', 'charts', 'cli', 'files', 'infra', 'models', 'scripts', 'service', 'statistics'];

const isUrl = (target: string) => /^(https?|mailto):/.test(target);

/** Why a link is broken; its path is relative to the project's folder and may have a heading's anchor. */
function problemOf(path: string, anchor: string | undefined): string | undefined {
  const file = join(ROOT, path);
  if (!existsSync(file)) return `${path} does not exist`;
  if (anchor === undefined) return undefined;
  const anchors = headings(readFileSync(file, 'utf8')).map(anchorOf);
  return anchors.includes(anchor) ? undefined : `${path} has no heading #${anchor}`;
}

test.each(DOCUMENTS)('every relative link in %s leads to a file and a heading that exist', (document) => {
  const targets = linkTargets(readFileSync(join(ROOT, document), 'utf8')).filter((target) => !isUrl(target));
  const problems = targets.map((target) => {
    const [path, anchor] = target.split('#') as [string, string?];
    return problemOf(path === '' ? document : join(dirname(document), path), anchor);
  });
  expect(problems.filter(Boolean)).toEqual([]);
});

/** A source file's name and text, without the asterisks of comments, so that sentences are contiguous. */
const sources = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const text = readFileSync(join(ROOT, folder, name), 'utf8');
      return { name: `${folder}/${name}`, text: text.replace(/\n\s*\*/g, '\n') };
    }),
);

test('every @see in the sources is a URL, a file of Keras or a path of this project that exists', () => {
  const problems = sources.flatMap(({ name, text }) =>
    [...text.matchAll(/@see (\S+?),?(?= |\n)/g)].flatMap(([, target]) => {
      if (isUrl(target!) || /^keras\/src\/[\w/]+\.py$/.test(target!)) return [];
      const problem = problemOf(target!.split('#')[0]!, undefined);
      return problem === undefined ? [] : [`${name}: @see ${problem}`];
    }),
  );
  expect(problems).toEqual([]);
});

const MENTION = /(docs\/[\w.-]+\.(?:md|json|png|ts))(?:#([\w-]+)|, "([^"\n]+)")?/g;

/** The pages of docs/ that a text names, as `docs/page.md`, `docs/page.md#heading` or `docs/page.md, "Heading"`. */
const mentionProblems = (name: string, text: string) =>
  [...text.matchAll(MENTION)].flatMap(([, path, anchor, heading]) => {
    const problem = problemOf(path!, heading === undefined ? anchor : anchorOf(heading));
    return problem === undefined ? [] : [`${name}: ${problem}`];
  });

test('every page of docs/ that a source or a manifest names exists, and so does its heading', () => {
  const manifests = readdirSync(join(ROOT, 'dist')).map((name) => ({
    name: `dist/${name}`,
    text: readFileSync(join(ROOT, 'dist', name), 'utf8'),
  }));
  expect([...sources, ...manifests].flatMap(({ name, text }) => mentionProblems(name, text))).toEqual([]);
});

test('a missing page, a missing heading and a page that exists are told apart', () => {
  expect(mentionProblems('a.ts', 'docs/none.md')).toEqual(['a.ts: docs/none.md does not exist']);
  expect(mentionProblems('a.ts', 'docs/training.md, "No such"')).toEqual([
    'a.ts: docs/training.md has no heading #no-such',
  ]);
  expect(mentionProblems('a.ts', 'docs/training.md#the-resize-filter has the figures')).toEqual([]);
});
