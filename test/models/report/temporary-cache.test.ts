import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { withTemporaryCache } from '../../../models/report/temporary-cache';

const exitListeners = () => process.listeners('exit');

test('the folder is there during the work, and gone after it, also if the work fails', async () => {
  const before = exitListeners();
  let folder = '';
  const work = (dir: string) => {
    folder = dir;
    writeFileSync(join(dir, 'graph.onnx'), 'graph');
    return Promise.resolve(7);
  };
  expect(await withTemporaryCache(work)).toBe(7);
  expect(existsSync(folder)).toBe(false);
  const fail = (dir: string) => work(dir).then(() => Promise.reject(new Error('no image')));
  await expect(withTemporaryCache(fail)).rejects.toThrow('no image');
  expect(existsSync(folder)).toBe(false);
  expect(exitListeners()).toEqual(before);
});

test('a process that exits during the work, as after Ctrl-C, leaves no folder', async () => {
  const before = exitListeners();
  await withTemporaryCache((folder) => {
    writeFileSync(join(folder, 'graph.onnx'), 'graph');
    const [remove, ...others] = exitListeners().filter((listener) => !before.includes(listener));
    expect(others).toEqual([]);
    remove!(0);
    expect(existsSync(folder)).toBe(false);
    return Promise.resolve();
  });
});
