import { join } from 'node:path';

import type { Request, Response } from 'express';

import { sample } from '../../../service/api/page';
import { DEMO_MODELS_DIR } from '../../../models/weights/saved-model';

/** What a request for a sample goes on with when sending the file ends so; undefined if it is answered. */
function outcomeOf(error?: object): unknown {
  const request = { params: { name: 'weave.jpg' } } as unknown as Request;
  const sendFile = (_name: string, _options: object, done: (error?: object) => void) => done(error);
  let outcome: unknown;
  const next = (given: unknown) => void (outcome = given);
  void sample(join(DEMO_MODELS_DIR, 'samples'))(request, { sendFile } as unknown as Response, next);
  return outcome;
}

test('a sample that was removed after it was listed is not found', () => {
  expect(outcomeOf({ status: 404, code: 'ENOENT' })).toMatchObject({
    code: 'NOT_FOUND',
    message: 'The sample is no longer there; ask for the list of samples again.',
  });
});

test('a sample that cannot be read is an error as it is', () => {
  const error = { status: 500, code: 'EIO', syscall: 'read' };
  expect(outcomeOf(error)).toBe(error);
});

test.each([
  ['is sent', undefined],
  ['was aborted', { code: 'ECONNABORTED' }],
  ['meets a closed connection', { code: 'EPIPE', syscall: 'write' }],
])('a sample that %s needs no further answer', (_, error) => {
  expect(outcomeOf(error)).toBeUndefined();
});
