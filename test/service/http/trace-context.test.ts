import { readTraceparent } from '../../../service/http/trace-context';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

test('parses a traceparent, also of a later version', () => {
  const expected = { traceId: TRACE, parentId: PARENT };
  expect(readTraceparent(`00-${TRACE}-${PARENT}-01`)).toEqual(expected);
  expect(readTraceparent(`01-${TRACE}-${PARENT}-01-more`)).toEqual(expected);
});

test.each([
  ['none', undefined],
  ['an empty one', ''],
  ['more than version 00 has', `00-${TRACE}-${PARENT}-01-more`],
  ['version ff', `ff-${TRACE}-${PARENT}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capital letters', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
  ['too short a trace', `00-${TRACE.slice(1)}-${PARENT}-01`],
  ['two headers', `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
])('ignores %s', (_what, header) => {
  expect(readTraceparent(header)).toBeUndefined();
});
