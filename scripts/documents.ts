/**
 * The Markdown pages that people read, for the script that fills them and the tests that follow their links.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The project's folder. */
export const ROOT = join(__dirname, '..');

const pages = (folder: string) => readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md'));

/** README.md, CONTRIBUTING.md, CHANGELOG.md, docs/*.md and the construct's README.md, relative to {@link ROOT}. */
export const DOCUMENTS: readonly string[] = [
  ...pages('.'),
  ...pages('docs').map((name) => `docs/${name}`),
  'infra/package/README.md',
];
