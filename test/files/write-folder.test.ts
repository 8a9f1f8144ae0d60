import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeFolderAtomic } from '../../files/write-folder';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tandem-folder-'));
  folder = join(root, 'above', 'folder');
});
afterEach(() => rmSync(root, { recursive: true }));

const writing = (text: string) => (temporary: string) => {
  writeFileSync(join(temporary, 'file'), text);
  return Promise.resolve();
};

test('a folder is there only once all its files are', async () => {
  await writeFolderAtomic(folder, async (temporary) => {
    await writing('text')(temporary);
    expect(existsSync(folder)).toBe(false);
  });
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('text');
  expect(readdirSync(join(root, 'above'))).toEqual(['folder']);
});

test('an earlier folder is replaced as a whole', async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'older'), '');
  await writeFolderAtomic(folder, writing('new'));
  expect(readdirSync(folder)).toEqual(['file']);
  expect(readdirSync(join(root, 'above'))).toEqual(['folder']);
});

test('an error leaves the earlier folder as it was, and no other', async () => {
  await writeFolderAtomic(folder, writing('old'));
  const failing = writeFolderAtomic(folder, async (temporary) => {
    await writing('new')(temporary);
    throw new Error('the disk is full');
  });
  await expect(failing).rejects.toThrow('the disk is full');
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('old');
  expect(readdirSync(join(root, 'above'))).toEqual(['folder']);
});
