import fs, { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openApiKeys } from '../../../service/http/api-key';
import { recorded } from '../../support/recorded-log';

const folder = mkdtempSync(join(tmpdir(), 'tandem-keys-'));
const file = join(folder, 'keys');
afterAll(() => rmSync(folder, { recursive: true }));
const { log } = recorded();

function open(keys: string) {
  writeFileSync(file, keys);
  let time = 0;
  const { lines, log } = recorded();
  let problems = 0;
  const check = openApiKeys(
    file,
    log,
    () => problems++,
    () => time,
  );
  const takes = (authorization: string | undefined) => {
    try {
      check(authorization);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
      return false;
    }
  };
  return { takes, lines, problems: () => problems, wait: (ms: number) => (time += ms) };
}

test('accepts each of several keys and nothing else', () => {
  const { takes } = open('first-key\n\nsecond-key\r\n');
  expect(['Bearer first-key', 'bearer second-key', 'Bearer  first-key '].map(takes)).toEqual([
    true,
    true,
    true,
  ]);
  const refused = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer first',
    'first-key',
    'Basic first-key',
    'Bearer first-key x',
  ];
  expect(refused.filter(takes)).toEqual([]);
});

test('rereads a changed file after one second; a missing or empty file rejects everyone', () => {
  const { takes, lines, wait } = open('old');
  writeFileSync(file, 'brand-new');
  expect(takes('Bearer old')).toBe(true);
  wait(1000);
  expect([takes('Bearer old'), takes('Bearer brand-new')]).toEqual([false, true]);
  writeFileSync(file, '');
  wait(1000);
  expect([takes('Bearer brand-new'), takes('Bearer ')]).toEqual([false, false]);
  rmSync(file);
  wait(1000);
  expect(takes('Bearer brand-new')).toBe(false);
  wait(1000);
  expect(takes('Bearer brand-new')).toBe(false);
  const logged = { level: 50, msg: 'cannot read every API key', keys: 0 };
  expect(lines).toMatchObject([
    { ...logged, problem: expect.stringContaining('must contain one API key per line, received no key') },
    { ...logged, problem: expect.stringContaining(`ENOENT: no such file or directory, stat '${file}'`) },
  ]);
  writeFileSync(file, 'back');
  wait(1000);
  expect(takes('Bearer back')).toBe(true);
});

test('rereads the keys of a Secret that the kubelet renews, by turning a link to a new folder', () => {
  const secret = join(folder, 'secret');
  mkdirSync(secret);
  const renew = (version: string, key: string) => {
    mkdirSync(join(secret, version));
    writeFileSync(join(secret, version, 'api-keys'), key);
    symlinkSync(version, join(secret, '..data_tmp'));
    renameSync(join(secret, '..data_tmp'), join(secret, '..data'));
  };
  renew('..first', 'old-key');
  symlinkSync(join('..data', 'api-keys'), join(secret, 'api-keys'));
  let time = 0;
  const check = openApiKeys(join(secret, 'api-keys'), log, undefined, () => time);
  check('Bearer old-key');
  renew('..second', 'new-key');
  time = 1000;
  check('Bearer new-key');
  expect(() => check('Bearer old-key')).toThrow('API keys');
});

test('skips an invalid line of a changed file and logs it once, without its text', () => {
  const { takes, lines, wait } = open('old');
  writeFileSync(file, 'new\nmy secret\n');
  for (let i = 0; i < 3; i++) {
    wait(1000);
    expect(['old', 'new', 'my secret', 'my'].map((key) => takes(`Bearer ${key}`))).toEqual([
      false,
      true,
      false,
      false,
    ]);
  }
  const logged = { level: 50, msg: 'cannot read every API key', keys: 1 };
  expect(lines).toMatchObject([
    { ...logged, problem: expect.stringContaining(`${file}: line 2 must be a key`) },
  ]);
  writeFileSync(file, 'new\n\nmy secret\n');
  wait(1000);
  expect(takes('Bearer new')).toBe(true);
  expect(lines).toHaveLength(2);
  expect(lines[1]!['problem']).toContain('line 3 must be a key');
  expect(JSON.stringify(lines)).not.toContain('secret');
  writeFileSync(file, 'new');
  wait(1000);
  expect(takes('Bearer new')).toBe(true);
  expect(lines).toHaveLength(2);
});

test('each change that cannot be read completely is counted once', () => {
  const { takes, problems, wait } = open('good');
  expect(problems()).toBe(0);
  writeFileSync(file, 'good\nmy key\n');
  wait(1000);
  expect(takes('Bearer good')).toBe(true);
  wait(1000);
  expect(takes('Bearer good')).toBe(true);
  expect(problems()).toBe(1);
});

test('a file that cannot be read now, for want of descriptors, leaves the last keys valid', () => {
  const { takes, lines, wait } = open('good');
  const tooMany = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  const reading = jest.spyOn(fs, 'readFileSync').mockImplementation(() => {
    throw tooMany;
  });
  writeFileSync(file, 'good\nnew\n');
  wait(1000);
  expect([takes('Bearer good'), takes('Bearer new')]).toEqual([true, false]);
  expect(lines).toMatchObject([{ problem: 'EMFILE: too many open files', keys: 1 }]);
  reading.mockRestore();
  wait(1000);
  expect([takes('Bearer good'), takes('Bearer new')]).toEqual([true, true]);
});

test('rejects an empty or missing file at start', () => {
  expect(() => open('\n \n')).toThrow('must contain one API key per line, received no key');
  expect(() => openApiKeys(join(folder, 'none'), log)).toThrow(
    /API_KEY_FILE must name a file of API keys, received .*none, which is missing: create it/,
  );
});

test.each([
  ['with an invalid line', () => writeFileSync(file, 'good\n\nmy key\n'), /keys: line 3 must be a key/],
  ['with characters outside ASCII', () => writeFileSync(file, 'keyä'), /keys: line 1 must be a key/],
])('rejects a file %s without quoting the key', (_what, write, sentence) => {
  write();
  expect(() => openApiKeys(file, log)).toThrow(sentence);
  expect(() => openApiKeys(file, log)).not.toThrow(/my key|keyä/);
});

test('rejects a folder', () => {
  expect(() => openApiKeys(folder, log)).toThrow(
    `API_KEY_FILE must name a file of API keys, received ${folder}, which is not a file: create it`,
  );
});

test('a revoked key stops working after one second although the clock was set back', () => {
  writeFileSync(file, 'old');
  const check = openApiKeys(file, log);
  writeFileSync(file, 'brand-new');
  const wallClock = jest.spyOn(Date, 'now').mockReturnValue(0);
  const later = performance.now() + 1_000;
  const clock = jest.spyOn(performance, 'now').mockReturnValue(later);
  try {
    expect(() => check('Bearer old')).toThrow('Send "Authorization: Bearer"');
    expect(() => check('Bearer brand-new')).not.toThrow();
  } finally {
    wallClock.mockRestore();
    clock.mockRestore();
  }
});
