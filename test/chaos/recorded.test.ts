import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { faultsTable, notSurvivedList, RECORDED_FILE } from '../../scripts/reliability-tables';
import { type Fault, type FaultId, FAULTS } from './faults';
import { type Entry, fill, readEntries, recordEntries } from './recorded';

const entry: Entry = {
  broken: [],
  figures: { readyMs: 1234.5 },
  form: 'short',
  at: '2026-01-01',
  machine: 'm',
};

test('every recorded entry belongs to a fault and has the figures of its sentence', () => {
  const recorded = readEntries(RECORDED_FILE);
  expect(Object.keys(FAULTS)).toEqual(expect.arrayContaining(Object.keys(recorded)));
  for (const [id, { broken, figures }] of Object.entries(recorded)) {
    const { measured }: Fault = FAULTS[id as FaultId];
    if (broken.length === 0) expect(fill(measured, figures)).not.toContain('{');
  }
});

test('a figure that is missing is named', () => {
  expect(() => fill('{kills} kills', { stops: 1 })).toThrow(/must keep the figure kills, received stops/);
});

test('whole numbers stay whole, others have three digits', () => {
  expect(fill('{a} {b} {c}', { a: 12345, b: 1.23456, c: 1234.5 })).toBe('12,345 1.23 1,235');
});

test('recording a fault again keeps the entries of the others', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'recorded-')), 'chaos.json');
  recordEntries(file, { clock: entry, soak: entry });
  recordEntries(file, { clock: { ...entry, form: 'long' } });
  expect(readEntries(file)).toEqual({ clock: { ...entry, form: 'long' }, soak: entry });
});

test('the page says which faults were survived, which were not and which were not recorded', () => {
  const entries = {
    'model-missing': entry,
    'model-flipped': { ...entry, broken: ['the pod is ready'] },
  };
  const cellOf = (id: string) => new RegExp(`\`${id}\`.*\\| (.*) \\|`).exec(faultsTable(entries))![1];
  expect(cellOf('model-missing')).toBe('survived: ready again 1,235 ms after the repair');
  expect(cellOf('model-flipped')).toBe('**not survived**');
  expect(cellOf('soak')).toBe('not recorded');
  expect(notSurvivedList(entries)).toContain('(`model-flipped`): the pod is ready.');
  expect(notSurvivedList(entries)).not.toContain('`model-missing`');
  expect(notSurvivedList(entries)).toMatch(/Not recorded yet.*`soak`/);
});
