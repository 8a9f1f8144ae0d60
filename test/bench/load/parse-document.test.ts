import { parseDocument } from '../../../bench/load/parse-document';

const IDENTITY = { schema: 'tandem.test', version: 2 };
const parse = (text: string) => parseDocument<typeof IDENTITY>(text, IDENTITY, 'tandem bench');

test('a document of the schema and version is returned whole', () => {
  expect(parse('{"schema": "tandem.test", "version": 2, "more": [1]}')).toEqual({ ...IDENTITY, more: [1] });
});

test.each([
  ['another schema', '{"schema": "other", "version": 2}', '"other" and 2'],
  ['another version', '{"schema": "tandem.test", "version": 1}', '"tandem.test" and 1'],
  ['no document', 'null', 'undefined and undefined'],
])('%s is refused with both and the remedy', (_, text, received) => {
  expect(() => parse(text)).toThrow(
    `the document must have schema "tandem.test" and version 2, received ${received}: use a file that "tandem bench" wrote`,
  );
});

test.each(['# Tandem', '', '{"schema": "tandem.test", "version'])(
  'the text "%s", which is no JSON, is refused alike',
  (text) => {
    expect(() => parse(text)).toThrow(
      `the document must be JSON with schema "tandem.test" and version 2, received ${JSON.stringify(text.slice(0, 20))}: use a file that "tandem bench" wrote`,
    );
  },
);
