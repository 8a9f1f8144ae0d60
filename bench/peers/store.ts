/** What one call of `npm run bench:peers` has measured, so that the next call resumes where it was interrupted. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { makeFolder, writeFileAtomic } from '../../files/write';
import { parsePeersDocument, type PeersDocument } from './peers-document';
import { visitName } from './plan';

/** Reads what an earlier call left, if the same code measured in the same form on the same machine. */
export function resume(file: string, fresh: PeersDocument): PeersDocument {
  if (!existsSync(file)) return fresh;
  const stored = parsePeersDocument(readFileSync(file, 'utf8'));
  const key = ({ form, commit, machine }: PeersDocument) => JSON.stringify([form, commit, machine]);
  return key(stored) === key(fresh) ? stored : fresh;
}

/** Writes a document as one line. */
export function store(file: string, document: PeersDocument): void {
  makeFolder(dirname(file));
  writeFileAtomic(file, `${JSON.stringify(document)}\n`);
}

/** Forgets what was measured. */
export const forget = (file: string): void => rmSync(file, { force: true });

/** The document without rounds that are not complete. */
export function completeRounds(document: PeersDocument): PeersDocument {
  const isComplete = ({ round }: { readonly round: number }) => round <= document.rounds;
  return {
    ...document,
    peakGflops: document.peakGflops.slice(0, document.rounds),
    engines: document.engines.filter(isComplete),
    visits: document.visits.filter(isComplete),
  };
}

/** Whether a visit of a round is measured already. */
export const isMeasured = (
  { visits }: PeersDocument,
  planned: Parameters<typeof visitName>[0],
  round: number,
): boolean => visits.some((visit) => visit.round === round && visitName(visit) === visitName(planned));
