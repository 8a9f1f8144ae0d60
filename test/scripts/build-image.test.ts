/** Which name `npm run image` gives the container image. */
import type { Context, Environment } from '../../infra/settings';
import { imageToBuild } from '../../scripts/build-image';

const DIGEST = `registry.example/tandem@sha256:${'0'.repeat(64)}`;
const NAMED = 'registry.example:5000/tandem:2';
const ENGINE = { engine: 'onnxruntime' } as const;

test.each<[{ image?: string; engine: 'onnxruntime' | 'tfjs-node' }, Environment, Context, string]>([
  [ENGINE, {}, {}, 'tandem:0.1.0'],
  [{ engine: 'tfjs-node' }, {}, {}, 'tandem:0.1.0-tfjs-node'],
  [{ engine: 'tfjs-node' }, { TANDEM_IMAGE: NAMED }, {}, NAMED],
  [ENGINE, {}, { image: NAMED }, NAMED],
  [{ ...ENGINE, image: 'mine:1' }, { TANDEM_IMAGE: DIGEST }, {}, 'mine:1'],
])('with %j, the variables %j and the context %j it is %s', (options, environment, context, image) => {
  expect(imageToBuild(options, environment, context)).toBe(image);
});

test.each<[string, { image?: string }, Environment, Context, string]>([
  ['TANDEM_IMAGE', {}, { TANDEM_IMAGE: DIGEST }, { image: NAMED }, DIGEST],
  ['context image in cdk8s.yaml', {}, {}, { image: DIGEST }, DIGEST],
  ['--image', { image: DIGEST }, { TANDEM_IMAGE: NAMED }, {}, DIGEST],
  ['TANDEM_IMAGE', {}, { TANDEM_IMAGE: 'registry.example:5000/tandem' }, {}, 'registry.example:5000/tandem'],
  ['context image in cdk8s.yaml', {}, {}, { image: 'tandem' }, 'tandem'],
  ['--image', { image: 'tandem' }, {}, {}, 'tandem'],
])('%s is named for an image with a digest or without a tag', (from, option, environment, context, image) => {
  expect(() => imageToBuild({ ...ENGINE, ...option }, environment, context)).toThrow(
    `${from} must be a name with a tag and without a digest, which the build computes, received ${image}: ` +
      'give --image NAME:TAG',
  );
});

test('what is no name of an image is refused before anything is built', () => {
  expect(() => imageToBuild({ ...ENGINE, image: 'Tandem:1' }, {}, {})).toThrow(
    '--image must be [host[:port]/]name',
  );
});
