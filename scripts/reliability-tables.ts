/**
 * The tables of docs/reliability.md: the faults, and what their last recorded run found.
 */
import { join } from 'node:path';

import { table } from '../charts/markdown';
// The page says what the suite injects and records: the tables are the suite's.
import { ELSEWHERE, NOT_TRIED } from '../test/chaos/elsewhere';
import { type Fault, type FaultId, FAULTS } from '../test/chaos/faults';
import { type Entries, fill, readEntries } from '../test/chaos/recorded';
import { ROOT } from './documents';

/** What `npm run test:chaos -- --out` wrote. */
export const RECORDED_FILE = join(ROOT, 'docs', 'reliability.json');

const rows = Object.entries<Fault>(FAULTS) as [FaultId, Fault][];

function result({ measured }: Fault, entry: Entries[FaultId]): string {
  if (entry === undefined) return 'not recorded';
  if (entry.broken.length > 0) return '**not survived**';
  return `survived: ${fill(measured, entry.figures)}`;
}

/** One row per fault of the suite. */
export const faultsTable = (entries: Entries = readEntries(RECORDED_FILE)): string =>
  table(
    ['fault', 'id', 'injected', 'it happened if', 'survived if', 'measured'],
    rows.map(([id, fault]) => [
      fault.name,
      `\`${id}\``,
      ...[fault.injected, fault.happened, fault.survived],
      result(fault, entries[id]),
    ]),
  );

/** How and where each fault was recorded, the same ways together. */
export function recordedText(entries: Entries = readEntries(RECORDED_FILE)): string {
  const ways = new Map<string, string[]>();
  for (const [id, entry] of Object.entries(entries)) {
    const way = `${entry.form} form, ${entry.at.slice(0, 10)}, ${entry.machine}`;
    ways.set(way, [...(ways.get(way) ?? []), `\`${id}\``]);
  }
  return [...ways].map(([way, ids]) => `- ${way}: ${ids.join(', ')}`).join('\n');
}

/** Faults that other suites inject. */
export const elsewhereTable = (): string =>
  table(
    ['fault', 'survived if', 'command'],
    ELSEWHERE.map(([fault, survived, command]) => [fault, survived, `\`${command}\``]),
  );

/** The faults whose recorded run was not survived, with what broke, and those that nobody has tried. */
export function notSurvivedList(entries: Entries = readEntries(RECORDED_FILE)): string {
  const broken = rows.flatMap(([id, { name }]) => {
    const sentences = entries[id]?.broken ?? [];
    return sentences.length === 0 ? [] : [`**${name}** (\`${id}\`): ${sentences.join('; ')}.`];
  });
  const missing = rows.filter(([id]) => entries[id] === undefined).map(([id]) => `\`${id}\``);
  const unknown = missing.length === 0 ? [] : [`**Not recorded yet**: ${missing.join(', ')}.`];
  return [...broken, ...unknown, ...NOT_TRIED].map((line) => `- ${line}`).join('\n');
}
