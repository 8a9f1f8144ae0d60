import { chosenFrom, wholeNumber } from './arguments';

test('a name that is not known is refused with those that are', () => {
  expect(() => chosenFrom('client', ['curl', 'wget'], ['curl', 'WRONG'])).toThrow(
    'a client must be one of curl, wget, received "WRONG"',
  );
});

test('without names all are chosen, and else those that were typed, in their own order', () => {
  expect(chosenFrom('client', ['curl', 'wget', 'go'], [])).toEqual(['curl', 'wget', 'go']);
  expect(chosenFrom('client', ['curl', 'wget', 'go'], ['go', 'curl'])).toEqual(['curl', 'go']);
});

test.each(['abc', '', ' ', '1.5', '-1', '11', 'NaN'])('"%s" is no whole number from 0 to 10', (text) => {
  expect(() => wholeNumber('--kills', text, 0, 10)).toThrow(
    `--kills must be a whole number from 0 to 10, received "${text}"`,
  );
});

test('a whole number is read, and a missing one is named', () => {
  expect(wholeNumber('--kills', '10', 0, 10)).toBe(10);
  expect(() => wholeNumber('--kills', undefined, 0, 10)).toThrow('received nothing');
});
