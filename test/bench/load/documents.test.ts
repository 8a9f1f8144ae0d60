import { mergeRuns } from '../../../bench/load/documents';
import type { RunDocument } from '../../../bench/load/run-document';
import { brokenText } from '../../../bench/load/validity';
import { queue, simulatedGenerator } from './simulated-generator';

let whole: RunDocument;
beforeAll(async () => {
  const { run } = simulatedGenerator(() => queue(1));
  whole = await run({ url: 'http://simulated/', load: 'constant:10:1s' });
});

/** The document of generators that sent these shards, such as `1/2 2/2`. */
const sent = (shards: string): RunDocument => ({
  ...whole,
  generators: shards.split(' ').map((shard) => {
    const [index, count] = shard.split('/').map(Number) as [number, number];
    return { ...whole.generators[0]!, shard: { index, count } };
  }),
});

test.each([[['1/1']], [['3/3', '1/3', '2/3']], [['1/3 2/3', '3/3']]])(
  'documents that have each shard once are merged: %j',
  (documents) => {
    const { generators } = mergeRuns(documents.map(sent));
    expect(generators.map(({ shard }) => shard.index)).toEqual(generators.map((_, i) => i + 1));
  },
);

/** Two shards, the second so much later. */
const merged = (laterMs: number) =>
  mergeRuns(
    ['1/2', '2/2'].map((shard, i) => {
      const startedAt = new Date(i * laterMs).toISOString();
      const document = sent(shard);
      return {
        ...document,
        startedAt,
        generators: document.generators.map((each) => ({ ...each, startedAt })),
      };
    }),
  );

test('shards that did not start together are merged as INVALID, with the remedy', () => {
  const { broken } = merged(30_000).validity;
  expect(broken.map(brokenText)).toContain(
    'the generators started more than 10 ms apart, so they sent no common schedule: 30.00 s; ' +
      'give all of them the same --start-at',
  );
  expect(merged(0).validity.broken).not.toContainEqual(expect.objectContaining({ rule: 'startsApart' }));
});

test.each([
  [['1/2'], 'from 1/2 to 2/2 once, received 1/2'],
  [['1/1', '1/1'], 'from 1/1 to 1/1 once, received 1/1, 1/1'],
  [['1/3 2/3', '2/3', '3/3'], 'from 1/3 to 3/3 once, received 1/3, 2/3, 2/3, 3/3'],
  [['1/2', '2/3'], 'from 1/2 to 2/2 once, received 1/2, 2/3'],
])('documents that lack a shard or have one twice are refused: %j', (documents, message) => {
  expect(() => mergeRuns(documents.map(sent))).toThrow(
    `documents to merge must have each shard ${message}: give the documents of all generators of one load, each once`,
  );
});
