import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openApiKeys } from '../../../service/http/api-key';
import { recorded } from '../../support/server';

const folder = mkdtempSync(join(tmpdir(), 'tandem-keys-'));
const file = join(folder, 'keys');
afterAll(() => rmSync(folder, { recursive: true }));
const { log } = recorded();

function open(keys: string) {
  writeFileSync(file, keys);
  let time = 0;
  const { lines, log } = recorded();
  const check = openApiKeys(file, log, () => time);
  const takes = (authorization: string | undefined) => {
    try {
      check(authorization);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
      return false;
    }
  };
  return { takes, lines, wait: (ms: number) => (time += ms) };
}

test('each of several keys is taken, and nothing else', () => {
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

test('a changed file is read again after a second; one that is gone or empty lets nobody in', () => {
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
  const told = { level: 50, msg: 'not every API key could be read', keys: 0 };
  expect(lines).toMatchObject([
    { ...told, problem: expect.stringContaining('must hold an API key a line, received no key') },
    { ...told, problem: expect.stringContaining(`ENOENT: no such file or directory, stat '${file}'`) },
  ]);
  writeFileSync(file, 'back');
  wait(1000);
  expect(takes('Bearer back')).toBe(true);
});

test('a line that is no key is passed over in a changed file, and told of once, without the key', () => {
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
  const told = { level: 50, msg: 'not every API key could be read', keys: 1 };
  expect(lines).toMatchObject([
    { ...told, problem: expect.stringContaining(`${file}: line 2 must be a key`) },
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

test('a file without a key, or that is not there, is refused at the start', () => {
  expect(() => open('\n \n')).toThrow('must hold an API key a line, received no key');
  expect(() => openApiKeys(join(folder, 'none'), log)).toThrow(
    /API_KEY_FILE must name a file of API keys, received .*none, which is not there: name one/,
  );
});

test.each([
  ['of which a line is no key', () => writeFileSync(file, 'good\n\nmy key\n'), /keys: line 3 must be a key/],
  ['with letters that no header takes', () => writeFileSync(file, 'keyä'), /keys: line 1 must be a key/],
])('a file %s is refused, and the key is not told', (_what, write, sentence) => {
  write();
  expect(() => openApiKeys(file, log)).toThrow(sentence);
  expect(() => openApiKeys(file, log)).not.toThrow(/my key|keyä/);
});

test('a folder is refused', () => {
  expect(() => openApiKeys(folder, log)).toThrow(
    `API_KEY_FILE must name a file of API keys, received ${folder}, which is no file: name one`,
  );
});
