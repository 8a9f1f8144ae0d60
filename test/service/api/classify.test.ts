import type { Request, Response } from 'express';

import type { Admission } from '../../../service/api/admission';
import { classifyHandlers } from '../../../service/api/classify';
import type { WorkContext } from '../../../service/api/served-models';
import { ServiceError } from '../../../service/errors';
import type { Bodies } from '../../../service/http/body';

test('a body that names a model with a full queue is freed before its rejection waits for its turn', async () => {
  const body = Buffer.from(JSON.stringify({ images: ['AA=='], model: 'latency' }));
  const released: Request[] = [];
  const bodies: Bodies = {
    accept: () => () => undefined,
    read: (_request, _limit, take) => Promise.resolve(void take(body)),
    release: (request) => void released.push(request),
  };
  const queues = new Map(['accuracy', 'latency'].map((model) => [model, {}]));
  const error = new ServiceError('OVERLOADED', 'Try again later.', 1_000);
  const admission = { reject: () => ({ error, delayMs: 1_000 }) } as unknown as Admission;
  const [, classify] = classifyHandlers({ queues } as unknown as WorkContext, bodies, admission);
  const request = { query: {}, get: () => 'application/json' } as unknown as Request;
  const response = { locals: {} } as Response;
  jest.useFakeTimers();
  await classify!(request, response, () => undefined);
  expect(jest.getTimerCount()).toBe(1);
  expect(released).toEqual([request]);
  jest.useRealTimers();
});
