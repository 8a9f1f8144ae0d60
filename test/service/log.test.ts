import { Writable } from 'node:stream';

import { collectLines, linesToFile, linesToStream } from '../../service/log';

const LINE = '{"msg":"grün"}\n';
const FULL = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

/** A file on a disk with room for some bytes. */
function disk(roomBytes: number) {
  const state = { roomBytes, contents: Buffer.alloc(0) };
  const write = (bytes: Uint8Array, from: number) => {
    const part = bytes.subarray(from, from + state.roomBytes);
    if (part.length === 0) throw FULL;
    state.roomBytes -= part.length;
    state.contents = Buffer.concat([state.contents, part]);
    return part.length;
  };
  return { state, output: collectLines(linesToFile(write)) };
}

test('lines are written together, in order', () => {
  const { state, output } = disk(Infinity);
  output.write('one\n');
  output.write('two\n');
  expect(state.contents.toString()).toBe('');
  output.flush();
  output.flush();
  expect(state.contents.toString()).toBe('one\ntwo\n');
  expect(output.lostLines()).toBe(0);
});

test('many lines are written without waiting for the flush', () => {
  const { state, output } = disk(Infinity);
  for (let i = 0; i < 1_000; i++) output.write(LINE);
  expect(state.contents.length).toBeGreaterThan(800 * Buffer.byteLength(LINE));
});

describe('on a full disk', () => {
  const lineBytes = Buffer.byteLength(LINE);

  test.each([
    [0, 3, ''],
    [lineBytes, 2, LINE],
    [lineBytes + 5, 2, `${LINE}{"msg\n`],
    [3 * lineBytes - 1, 1, `${LINE}${LINE}{"msg":"grün"}\n`],
  ])('with room for %i bytes, %i of three lines are counted, and the next is whole', (room, lost, before) => {
    const { state, output } = disk(room);
    for (let i = 0; i < 3; i++) output.write(LINE);
    output.flush();
    expect(output.lostLines()).toBe(lost);
    state.roomBytes = Infinity;
    output.write(LINE);
    output.flush();
    expect(state.contents.toString()).toBe(before + LINE);
    expect(output.lostLines()).toBe(lost);
  });

  test('lines go on being counted while it stays full', () => {
    const { output } = disk(5);
    for (let i = 0; i < 4; i++) {
      output.write(LINE);
      output.flush();
    }
    expect(output.lostLines()).toBe(4);
  });
});

describe('to a pipe', () => {
  const settled = () => new Promise(setImmediate);

  test('that nobody reads, lines wait up to a bound and are then counted', () => {
    const stalled = new Writable({ write: () => undefined });
    const output = collectLines(linesToStream(stalled));
    const line = `${'a'.repeat(9_999)}\n`;
    for (let i = 0; i < 300; i++) output.write(line);
    output.flush();
    expect(stalled.writableLength).toBeLessThanOrEqual(1024 * 1024);
    expect(output.lostLines()).toBe(300 - stalled.writableLength / line.length);
  });

  test('whose reader has ended, every line is counted and nothing is thrown', async () => {
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const output = collectLines(linesToStream(broken));
    for (let i = 0; i < 3; i++) {
      output.write(LINE);
      output.flush();
      await settled();
    }
    expect(output.lostLines()).toBe(3);
  });

  test('that is read, no line is lost', async () => {
    const read: Buffer[] = [];
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        read.push(chunk);
        setImmediate(done);
      },
    });
    const output = collectLines(linesToStream(stream));
    output.write(LINE);
    output.write(LINE);
    output.flush();
    await settled();
    expect(Buffer.concat(read).toString()).toBe(LINE + LINE);
    expect(output.lostLines()).toBe(0);
  });
});
