import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { removeLeftovers, removeTemporaries, temporaryOf } from '../../files/temporaries';

/** Longer ago than any write takes. */
const LONG_AGO = new Date('2020-01-01');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-temporaries-'));
});

/** A temporary folder of a process, as if it had been killed while it wrote. */
function leftBy(processId: number): string {
  const path = temporaryOf(join(folder, 'graph')).replace(`-${process.pid}-`, `-${processId}-`);
  mkdirSync(path);
  writeFileSync(join(path, 'weights.bin'), '');
  return path;
}

/** The same name as a process of another container would choose it. */
const inAnotherContainer = (path: string) => path.replace(/\.[\da-f]{8}-/, '.0123abcd-');

test('two writes of the same file never share a name, not even those of processes with the same id', () => {
  const names = Array.from({ length: 100 }, () => temporaryOf('graph.onnx'));
  expect(new Set(names).size).toBe(names.length);
});

test('all temporaries are removed, also those of earlier releases, and nothing else', () => {
  const names = ['model.json', 'notes.tmp', 'a.1.tmp.txt', 'a.beef.tmp'];
  for (const name of [...names, 'model.json.4711.tmp', basename(temporaryOf('model.json'))])
    writeFileSync(join(folder, name), '');
  leftBy(4711);
  removeTemporaries(folder);
  expect(readdirSync(folder).sort()).toEqual(names.sort());
});

describe('leftovers', () => {
  const ended = spawnSync(process.execPath, ['--version']).pid;

  test('of a process that has ended are removed at once, those of a running one are kept', () => {
    leftBy(ended);
    const running = leftBy(process.pid);
    removeLeftovers(folder);
    expect(readdirSync(folder)).toEqual([basename(running)]);
  });

  test('of another container are kept until no write can take so long: its process ids say nothing here', () => {
    const [recent, old] = [leftBy(ended), leftBy(ended)].map(inAnotherContainer);
    mkdirSync(recent!);
    mkdirSync(old!);
    utimesSync(old!, LONG_AGO, LONG_AGO);
    removeLeftovers(folder);
    expect(readdirSync(folder)).toEqual([basename(recent!)]);
  });

  test('beside a link to nothing are removed all the same', () => {
    const link = inAnotherContainer(temporaryOf(join(folder, 'a link')));
    symlinkSync(join(folder, 'nothing'), link);
    leftBy(ended);
    removeLeftovers(folder);
    expect(readdirSync(folder)).toEqual([basename(link)]);
  });

  test('in a folder that is not there are nothing to fail for', () => {
    expect(() => removeLeftovers(join(folder, 'none'))).not.toThrow();
  });
});
