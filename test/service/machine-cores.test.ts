/** A CPU limit above the cores of the machine, as a pod may have on a small node. */
import { EventEmitter } from 'node:events';
import os from 'node:os';

import { recorded } from '../support/recorded-log';
import { startServer } from '../support/server';

const mockFork = jest.fn();
jest.mock('node:child_process', () => ({ fork: (...parameters: unknown[]) => mockFork(...parameters) }));

test('a model has no processes and threads for cores that the machine does not have', async () => {
  jest.spyOn(os, 'availableParallelism').mockReturnValue(4);
  mockFork.mockImplementation(() =>
    Object.assign(new EventEmitter(), { pid: 4711, send: jest.fn(), kill: jest.fn() }),
  );
  const { lines, log } = recorded();
  const server = await startServer({ cpuLimitMillis: 16_000 }, undefined, { log });
  await server.stop();
  const loading = lines.filter(({ msg }) => msg === 'loading model');
  expect(loading.map(({ model, processes, threads }) => [model, processes, threads])).toEqual([
    ['accuracy', 4, 1],
    ['latency', 4, 1],
  ]);
});
