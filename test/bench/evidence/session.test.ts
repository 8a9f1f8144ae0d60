import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openSession, supersededRuns } from '../../../bench/evidence/session';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-session-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (form: 'full' | 'quick' = 'quick', again = false) =>
  openSession(join(folder, 'state', 'session.json'), form, again, (document) =>
    existsSync(join(folder, document)),
  );
const write = (document: string) => writeFileSync(join(folder, document), '');

test('a document of the repository that no call here has finished is measured', () => {
  write('a.json.gz');
  expect(open().isFinished('a.json.gz')).toBe(false);
});

test('the next call skips what an interrupted one finished, and only that', () => {
  write('a.json.gz');
  open().finish('a.json.gz');
  const next = open();
  expect(next.isFinished('a.json.gz')).toBe(true);
  expect(next.isFinished('b.json.gz')).toBe(false);
});

test('a finished document whose file is gone is measured again', () => {
  open().finish('a.json.gz');
  expect(open().isFinished('a.json.gz')).toBe(false);
});

test('the quick form does not stand for the full one', () => {
  write('a.json.gz');
  open('quick').finish('a.json.gz');
  expect(open('full').isFinished('a.json.gz')).toBe(false);
});

test('--again forgets what was finished', () => {
  write('a.json.gz');
  open().finish('a.json.gz');
  expect(open('quick', true).isFinished('a.json.gz')).toBe(false);
  expect(open().isFinished('a.json.gz')).toBe(false);
});

const PRESENT = [
  ...['a-steps-1.json.gz', 'a-steps-2.json.gz', 'a-steps-spike-1.json.gz', 'b-1.json.gz'],
  ...['machine.json', 'notes.txt', 'other.json.gz'],
];

test('a measured experiment supersedes its own recordings that this session did not finish, and no other’s', () => {
  PRESENT.forEach(write);
  const session = open();
  session.finish('a-steps-1.json.gz');
  expect(supersededRuns(PRESENT, session, 'a-steps')).toEqual(['a-steps-2.json.gz']);
  session.finish('a-steps-2.json.gz');
  expect(supersededRuns(PRESENT, session, 'a-steps')).toEqual([]);
});

test('another machine supersedes every recording that this session did not finish, and nothing else', () => {
  PRESENT.forEach(write);
  const session = open();
  session.finish('b-1.json.gz');
  expect(supersededRuns(PRESENT, session)).toEqual([
    ...['a-steps-1.json.gz', 'a-steps-2.json.gz', 'a-steps-spike-1.json.gz'],
  ]);
});
