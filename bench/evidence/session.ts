/** What one call of `npm run experiments` has finished, so that the next call resumes where it was interrupted. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { makeFolder, writeFileAtomic } from '../../files/write';
import type { Form } from './plan';

interface SessionFile {
  readonly form: Form;
  /** File names of finished documents. */
  readonly finished: readonly string[];
}

export interface Session {
  /** Whether this document was finished in the same form and is still there. */
  readonly isFinished: (document: string) => boolean;
  /** Notes a document as finished. */
  readonly finish: (document: string) => void;
}

const RUN_FILE = /^(.+)-\d+\.json\.gz$/;

/**
 * The documents of runs to remove before what was measured now stands beside what was measured otherwise: those that this
 * session did not finish.
 *
 * @param present file names in the folder; other files are left alone
 * @param experiment whose documents alone count; those of every experiment if undefined
 */
export const supersededRuns = (
  present: readonly string[],
  { isFinished }: Pick<Session, 'isFinished'>,
  experiment?: string,
): string[] =>
  present.filter((file) => {
    const [, name] = RUN_FILE.exec(file) ?? [];
    return name !== undefined && (experiment ?? name) === name && !isFinished(file);
  });

/**
 * Opens the session of a form. A session of the other form is not resumed, and a fresh clone has none: the documents that
 * the repository holds are measured anew.
 *
 * @param file where it is kept; not committed
 * @param again forgets what was finished
 * @param exists whether a document lies where it was written
 */
export function openSession(
  file: string,
  form: Form,
  again: boolean,
  exists: (document: string) => boolean,
): Session {
  if (again) rmSync(file, { force: true });
  const stored = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SessionFile) : undefined;
  const finished = new Set(stored?.form === form ? stored.finished : []);
  return {
    isFinished: (document) => finished.has(document) && exists(document),
    finish: (document) => {
      finished.add(document);
      makeFolder(dirname(file));
      writeFileAtomic(file, `${JSON.stringify({ form, finished: [...finished] })}\n`);
    },
  };
}
