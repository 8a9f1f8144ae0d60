import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { lockFolder, type LockOwner } from '../../files/folder-lock';
import { removeTemporaries } from '../../files/temporaries';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-lock-'));
  file = join(folder, 'the.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const lock = () => lockFolder(folder, 'the.lock', ({ pid }, at) => new Error(`held by ${pid} in ${at}`));
/** What the lock of this process says, with changes. */
function ownerWith(changes: Partial<LockOwner>): string {
  const unlock = lock();
  const owner = JSON.parse(readFileSync(file, 'utf8')) as LockOwner;
  unlock();
  return JSON.stringify({ ...owner, ...changes });
}

test('a folder is locked once, and again after it was unlocked', () => {
  const unlock = lock();
  expect(readdirSync(folder)).toEqual(['the.lock']);
  expect(lock).toThrow(`held by ${process.pid} in ${file}`);
  unlock();
  expect(existsSync(file)).toBe(false);
  lock()();
});

test('a lock holds as long as its process lives, and not after kill -9', async () => {
  const child = spawn('sleep', ['600']);
  writeFileSync(file, ownerWith({ pid: child.pid!, started: '' }));
  expect(lock).toThrow(`held by ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const unlock = lock();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid });
  expect(readdirSync(folder)).toEqual(['the.lock']);
  unlock();
});

(process.platform === 'linux' ? test : test.skip)(
  'a process that has another’s id by chance holds no lock',
  () => {
    writeFileSync(file, ownerWith({ started: '1' }));
    lock()();
  },
);

test('a lock of another machine holds, since nobody can see whether its process lives', () => {
  writeFileSync(file, ownerWith({ host: 'elsewhere', pid: 4711 }));
  expect(lock).toThrow('held by 4711');
});

test('a lock that another process takes while a stale one is removed holds, even if it removes temporary files', () => {
  const other = ownerWith({ host: 'elsewhere', pid: 4711 });
  writeFileSync(file, '{"host":');
  const { renameSync } = fs;
  const renaming = jest.spyOn(fs, 'renameSync').mockImplementationOnce((from, to) => {
    writeFileSync(file, other);
    renameSync(from, to);
    removeTemporaries(folder);
  });
  expect(lock).toThrow('held by 4711');
  renaming.mockRestore();
  expect(readFileSync(file, 'utf8')).toBe(other);
  expect(readdirSync(folder)).toEqual(['the.lock']);
});

test('a torn lock holds nothing, and a lock that is another’s by now is not removed', () => {
  writeFileSync(file, '{"host":');
  const unlock = lock();
  writeFileSync(file, 'another’s');
  unlock();
  expect(readFileSync(file, 'utf8')).toBe('another’s');
});
