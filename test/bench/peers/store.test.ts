import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { completeRounds, forget, isMeasured, resume, store } from '../../../bench/peers/store';
import { syntheticDocument } from './synthetic-document';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const document = syntheticDocument();
const fresh = { ...document, rounds: 0, visits: [] };
const file = () => join(folder, 'state', 'full.json');

test('the next call goes on with what an earlier one measured', () => {
  expect(resume(file(), fresh)).toBe(fresh);
  store(file(), document);
  expect(resume(file(), fresh)).toEqual(document);
  const [planned] = document.visits;
  expect(isMeasured(document, planned!, 1)).toBe(true);
  expect(isMeasured(fresh, planned!, 1)).toBe(false);
});

test.each([
  ['code', { commit: 'd'.repeat(40) }],
  ['form', { form: 'quick' }],
  ['machine', { machine: { ...document.machine, cores: 4 } }],
] as const)('what another %s measured is not mixed in', (_, change) => {
  store(file(), document);
  const other = { ...fresh, ...change };
  expect(resume(file(), other)).toBe(other);
});

test('what is forgotten is measured again', () => {
  store(file(), document);
  forget(file());
  expect(resume(file(), fresh)).toBe(fresh);
});

test('a round that is not complete is not published', () => {
  const published = completeRounds({ ...document, rounds: 2 });
  expect(new Set(published.visits.map(({ round }) => round))).toEqual(new Set([1, 2]));
  expect(new Set(published.engines.map(({ round }) => round))).toEqual(new Set([1, 2]));
  expect(published.peakGflops).toHaveLength(2);
});
