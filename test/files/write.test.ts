import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { appendSynced, cannotWrite, copyFileAtomic, makeOut, writeFileAtomic } from '../../files/write';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-files-'));
});

describe('an atomic write', () => {
  test.each([
    ['a text', 'grün', Buffer.from('grün')],
    ['bytes', Uint8Array.of(0, 255, 10), Buffer.from([0, 255, 10])],
    ['nothing', '', Buffer.alloc(0)],
  ])('of %s replaces the file and leaves no other', (_, contents, expected) => {
    const file = join(folder, 'file');
    writeFileSync(file, 'an older and longer text');
    writeFileAtomic(file, contents);
    expect(readFileSync(file)).toEqual(expected);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('that cannot replace its target leaves the target as it was', () => {
    const target = join(folder, 'target');
    mkdirSync(target);
    writeFileSync(join(target, 'inside'), 'kept');
    expect(() => writeFileAtomic(target, 'text')).toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
    expect(readFileSync(join(target, 'inside'), 'utf8')).toBe('kept');
    expect(readdirSync(folder)).toEqual(['target']);
  });

  test('that cannot create its temporary file says so', () => {
    expect(() => writeFileAtomic(join(folder, 'none', 'file'), 'text')).toThrow(/ENOENT/);
  });
});

describe('a failed write names the file, the reason and the remedy', () => {
  test.each([
    ['ENOSPC', 'the disk is full): free space on it, or choose a folder on another disk'],
    ['EROFS', 'the disk can only be read): choose a folder on another disk'],
    ['EXDEV', 'what the system says): choose another folder'],
  ])('%s', (code, rest) => {
    const cause = Object.assign(new Error('what the system says'), { code, syscall: 'write' });
    const error = cannotWrite('out/model.json', cause);
    expect(error.message).toBe(`out/model.json cannot be written (${code}: ${rest}`);
    expect(error).toMatchObject({ code, syscall: 'write', cause });
  });

  test('an error that is not the system’s stays as it is', () => {
    const error = new RangeError('a tensor');
    expect(cannotWrite('out/model.json', error)).toBe(error);
  });

  const full = '/dev/full';
  (existsSync(full) ? test : test.skip)('appending to a full disk', () => {
    expect(() => appendSynced(full, 'line\n')).toThrow(
      '/dev/full cannot be written (ENOSPC: the disk is full)',
    );
  });

  test('copying into a folder that is not there, and no file is left where copying fails', () => {
    const file = join(folder, 'from');
    writeFileSync(file, 'text');
    expect(() => copyFileAtomic(file, join(folder, 'none', 'to'))).toThrow(
      'to cannot be written (ENOENT: its folder is not there): create the folder, or choose another',
    );
    copyFileAtomic(file, join(folder, 'to'));
    expect(readFileSync(join(folder, 'to'), 'utf8')).toBe('text');
    mkdirSync(join(folder, 'taken', 'below'), { recursive: true });
    expect(() => copyFileAtomic(file, join(folder, 'taken'))).toThrow('taken cannot be written');
    expect(readdirSync(folder).sort()).toEqual(['from', 'taken', 'to']);
  });
});

test('a file that may only be read can be copied', () => {
  const file = join(folder, 'from');
  writeFileSync(file, 'text', { mode: 0o444 });
  // Root may write to every file, so file permissions cannot make an open fail.
  const open = fs.openSync;
  const spy = jest.spyOn(fs, 'openSync').mockImplementation((path, flags, mode) => {
    if (flags === 'r+') throw Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'open' });
    return open(path, flags, mode);
  });
  try {
    copyFileAtomic(file, join(folder, 'to'));
  } finally {
    spy.mockRestore();
  }
  expect(readFileSync(join(folder, 'to'), 'utf8')).toBe('text');
});

test('--out is created with the folders above it, and may exist', () => {
  const out = join(folder, 'a', 'b');
  makeOut(out);
  makeOut(out);
  expect(readdirSync(join(folder, 'a'))).toEqual(['b']);
});

test('a folder that the system cannot create is refused at once', () => {
  // mkdirSync's own recursion never returns from this one.
  expect(() => makeOut('/proc/none/out')).toThrow(
    /^--out must be a folder .* received \/proc\/none\/out \(ENOENT/,
  );
});

test('--out below a file is refused with the path, the reason and the remedy', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => makeOut(join(file, 'out'))).toThrow(
    `--out must be a folder that can be created and written to, received ${join(file, 'out')} (ENOTDIR`,
  );
  expect(() => makeOut(join(file, 'out'))).toThrow('): choose another');
});
