import type { Response } from 'express';

import { createAdmission, rejectAfterBody, sendRejection } from '../../../service/api/admission';
import type { Queues } from '../../../service/api/served-models';
import { type ErrorCode } from '../../../service/contract';
import { ServiceError } from '../../../service/errors';
import { recorded } from '../../support/recorded-log';

type Refusal = ServiceError | undefined;
const refusal = (code: ErrorCode, retryAfterMs = 1_000) =>
  new ServiceError(code, `${code}: try again later.`, retryAfterMs);

/** Admission in front of queues that refuse with these errors, or take requests. */
function admissionOf(refusals: Readonly<Record<string, Refusal>>, cpuLimitMillis = 1000) {
  const { lines, log } = recorded();
  const queues = new Map(
    Object.keys(refusals).map((model) => [model, { rejection: () => refusals[model] }]),
  ) as unknown as Queues;
  const rejected = { inc: () => undefined } as never;
  return { lines, ...createAdmission({ queues, metrics: { rejected }, cpuLimitMillis, log }) };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test.each<[ErrorCode, string, number]>([
  ['OVERLOADED', 'a warning', 40],
  // `npm start` prints warnings only: a request that comes while it loads puts no JSON among its sentences.
  ['NOT_READY', 'information', 30],
])('requests refused with %s are %s in the log: the first at once, the others together', (code, _, level) => {
  const { lines, reject } = admissionOf({ latency: refusal(code) });
  const line = { level, model: 'latency', reason: code, msg: 'rejecting requests' };
  for (let i = 0; i < 3; i++) reject('latency');
  expect(lines).toEqual([expect.objectContaining({ ...line, rejected: 1 })]);
  jest.advanceTimersByTime(10_000);
  expect(lines.slice(1)).toEqual([expect.objectContaining({ ...line, rejected: 2 })]);
});

test('the log counts the rejections of each model and reason apart, and none of an earlier burst', () => {
  const refusals: Record<string, Refusal> = {
    accuracy: refusal('OVERLOADED'),
    latency: refusal('NOT_READY'),
  };
  const { lines, reject } = admissionOf(refusals);
  for (let i = 0; i < 5; i++) reject('accuracy');
  for (let i = 0; i < 3; i++) reject('latency');
  jest.advanceTimersByTime(3_600_000);
  refusals['accuracy'] = refusal('NOT_READY');
  reject('accuracy');
  expect(lines.map(({ model, reason, rejected }) => [model, reason, rejected])).toEqual([
    ['accuracy', 'OVERLOADED', 1],
    ['latency', 'NOT_READY', 1],
    ['accuracy', 'OVERLOADED', 4],
    ['latency', 'NOT_READY', 2],
    ['accuracy', 'NOT_READY', 1],
  ]);
});

test('a request without a model is refused when every queue is full, with the shortest wait', () => {
  const refusals = { accuracy: refusal('OVERLOADED', 5_000), latency: refusal('OVERLOADED', 3_000) };
  const { lines, rejectForAny } = admissionOf(refusals);
  expect(rejectForAny()!.error).toBe(refusals.latency);
  expect(lines).toEqual([expect.objectContaining({ reason: 'OVERLOADED', rejected: 1 })]);
  expect(lines[0]).not.toHaveProperty('model');
  expect(admissionOf({ ...refusals, latency: undefined }).rejectForAny()).toBeUndefined();
});

test('a request whose body names a model with a full queue waits its turn to be refused, as others do', () => {
  const admission = admissionOf({ accuracy: undefined, latency: refusal('OVERLOADED') }, 10);
  const response = { locals: {} as Record<string, unknown> };
  expect(rejectAfterBody(admission, response, 'accuracy')).toBeUndefined();
  // Four rejections a second at a hundredth of a core: the first goes at once.
  admission.reject('latency');
  const rejection = rejectAfterBody(admission, response, 'latency')!;
  expect(rejection).toMatchObject({ error: { code: 'OVERLOADED' }, delayMs: 250 });
  expect(admission.lines).toHaveLength(1);
});

test('a request that was admitted before its body is not asked again', () => {
  const admission = admissionOf({ latency: refusal('OVERLOADED') });
  expect(rejectAfterBody(admission, { locals: { askedModel: 'latency' } }, 'latency')).toBeUndefined();
  expect(admission.lines).toEqual([]);
});

/** A response that keeps what it is sent. */
function fakeResponse(headersSent = false) {
  const sent: unknown[] = [];
  const response = {
    ...{ locals: {}, headersSent, req: { path: '/' }, getHeader: () => 'id', set: () => response },
    ...{ status: () => response, type: () => response, send: (body: unknown) => void sent.push(body) },
  };
  return { sent, response: response as unknown as Response };
}

test('a rejection is sent at its turn, and not to a request that was answered meanwhile', () => {
  const [waiting, answered] = [fakeResponse(), fakeResponse(true)];
  for (const { response } of [waiting, answered])
    sendRejection(response, { error: refusal('OVERLOADED'), delayMs: 250 });
  jest.advanceTimersByTime(249);
  expect(waiting.sent).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(waiting.sent).toEqual([expect.stringContaining('OVERLOADED')]);
  expect(answered.sent).toEqual([]);
});
