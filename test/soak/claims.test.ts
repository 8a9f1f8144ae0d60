import { claimsOf } from './claims';

/** 10,000 requests in the shares of the mixture. */
const due = new Map([
  [200, 8400],
  [422, 500],
  [415, 400],
  [404, 300],
  [0, 400],
]);
const broken = (received: Record<number, number>) =>
  claimsOf({ due, received: new Map(Object.entries(received).map(([status, n]) => [Number(status), n])) })
    .filter(([, holds]) => !holds)
    .map(([claim]) => claim);

test('answers as they are due hold every claim, also with some refused and some aborts answered', () => {
  expect(broken({ 200: 8400, 422: 500, 415: 400, 404: 300, 0: 400 })).toEqual([]);
  expect(broken({ 200: 7300, 422: 450, 415: 400, 404: 290, 0: 300, 503: 1260 })).toEqual([]);
});

test('a service that refuses everything, or answers nothing, is not survived', () => {
  expect(broken({ 503: 10_000 })).toHaveLength(4);
  expect(broken({ 0: 10_000 })).toContain('only the 400 clients that disconnect get no answer: 10000');
});

test.each([
  [{ 200: 6719, 422: 500, 415: 400, 404: 300, 0: 400 }, '8400 requests due to get 200'],
  [{ 200: 8900, 415: 400, 404: 300, 0: 400 }, '500 requests due to get 422'],
  [{ 200: 8400, 422: 900, 404: 300, 0: 400 }, '400 requests due to get 415'],
  [{ 200: 8400, 422: 500, 415: 700, 0: 400 }, '300 requests due to get 404'],
  [{ 200: 8400, 422: 500, 415: 400, 404: 300, 0: 401 }, 'only the 400 clients'],
  [{ 200: 8399, 422: 500, 415: 400, 404: 300, 0: 400, 500: 1 }, 'nothing answered 5xx but 503'],
])('%j breaks one claim: %s', (received, claim) => {
  expect(broken(received)).toEqual([expect.stringContaining(claim)]);
});
