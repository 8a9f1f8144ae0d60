import { createAdmission } from '../../../service/api/admission';
import type { Queues } from '../../../service/api/served-models';
import { type ErrorCode } from '../../../service/contract';
import { ServiceError } from '../../../service/errors';
import { recorded } from '../../support/recorded-log';

/** What the log says when a model's queue refuses a request. */
function logged(code: ErrorCode): Record<string, unknown>[] {
  const { lines, log } = recorded();
  const queue = { rejection: () => new ServiceError(code, 'Try again later.') };
  const queues = new Map([['latency', queue]]) as unknown as Queues;
  const { reject } = createAdmission({
    queues,
    metrics: { rejected: { inc: () => undefined } as never },
    cpuLimitMillis: 1000,
    log,
  });
  for (let i = 0; i < 3; i++) reject('latency');
  return lines;
}

test.each<[ErrorCode, string, number]>([
  ['OVERLOADED', 'a warning', 40],
  // `npm start` prints warnings only: a request that comes while it loads puts no JSON among its sentences.
  ['NOT_READY', 'information', 30],
])('requests refused with %s are %s in the log, once for many', (code, _kind, level) => {
  expect(logged(code)).toEqual([
    expect.objectContaining({ level, reason: code, rejected: 1, msg: 'rejecting requests' }),
  ]);
});
