import { fuzzRequest } from './requests';

// The tensor requests need no image; what the others do with these does not matter here.
const images = [{ name: 'a.jpg', bytes: Buffer.alloc(256, 7) }];

test('of 10,000 mutations some send a member `__proto__`', () => {
  const sends = (number: number) => fuzzRequest(6, number, images).body?.includes('"__proto__"') ?? false;
  expect(Array.from({ length: 10_000 }, (_, number) => number).some(sends)).toBe(true);
});
