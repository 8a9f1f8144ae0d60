/** Which name `npm run image` gives the container image, and what becomes of its archive. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Context, Environment } from '../../infra/settings';
import { buildImage, imageToBuild } from '../../scripts/build-image';

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

describe('with a script in place of docker', () => {
  let folder: string;
  let pathBefore: string | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-image-'));
    pathBefore = process.env['PATH'];
    process.env['PATH'] = `${folder}:${pathBefore}`;
    jest.spyOn(console, 'log').mockReturnValue();
  });
  afterEach(() => {
    process.env['PATH'] = pathBefore;
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  /** Builds with a docker that does this for each command, and works otherwise. */
  function buildWith(commands: { readonly build?: string; readonly save: string }, archive: string) {
    const { build = 'exit 0', save } = commands;
    const size = '"{{.Size}}"';
    writeFileSync(
      join(folder, 'docker'),
      `#!/bin/sh\ncase $1 in build) ${build} ;; save) ${save} ;; image) test "$4" = ${size} && echo 1 || echo amd64 ;; esac\n`,
    );
    chmodSync(join(folder, 'docker'), 0o755);
    return buildImage({ engine: 'onnxruntime', image: 'tandem:test', builder: 'docker', archive });
  }

  test('the folder of the archive is there before the build', async () => {
    const archive = join(folder, 'out', 'tandem.tar');
    const built = { build: `test -d '${folder}/out' || exit 1`, save: 'echo archive >"$3"' };
    await buildWith(built, archive);
    expect(readFileSync(archive, 'utf8')).toBe('archive\n');
    expect(readdirSync(join(folder, 'out'))).toEqual(['tandem.tar']);
  });

  test('a folder of the archive that cannot be made is refused before the build', async () => {
    writeFileSync(join(folder, 'file'), '');
    const built = buildWith({ build: 'exit 1', save: 'exit 1' }, join(folder, 'file', 'tandem.tar'));
    await expect(built).rejects.toThrow('--archive must be a file in a folder that can be created');
  });

  test('an archive that cannot be written leaves the one before', async () => {
    mkdirSync(join(folder, 'out'));
    const archive = join(folder, 'out', 'tandem.tar');
    writeFileSync(archive, 'before');
    await expect(buildWith({ save: 'echo half >"$3"; exit 1' }, archive)).rejects.toThrow('docker save');
    expect(readFileSync(archive, 'utf8')).toBe('before');
    expect(readdirSync(join(folder, 'out'))).toEqual(['tandem.tar']);
  });
});
