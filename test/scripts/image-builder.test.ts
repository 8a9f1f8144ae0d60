/** How a builder is chosen, with scripts in place of docker, podman and buildah. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build, BUILDERS, findBuilder, imageArchitecture, writeArchive } from '../../scripts/image-builder';

let folder: string;
let pathBefore: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-builders-'));
  pathBefore = process.env['PATH'];
  process.env['PATH'] = folder;
});
afterEach(() => {
  process.env['PATH'] = pathBefore;
  rmSync(folder, { recursive: true });
});

function program(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

const WORKS = 'echo "$@" >>$(dirname "$0")/called';
const called = () => readFileSync(join(folder, 'called'), 'utf8').trim().split('\n');

test('a docker without its daemon is skipped for a podman that works', () => {
  program('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
  program('podman', 'exit 0');
  program('buildah', 'exit 0');
  expect(findBuilder()).toBe('podman');
  expect(findBuilder(['buildah'])).toBe('buildah');
});

test('if no builder works, the error gives the reason for each', () => {
  program('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
  expect(() => findBuilder()).toThrow(
    'building an image needs docker or podman or buildah: install one of them or start its daemon (docker: Cannot connect to the Docker daemon; podman: not on the PATH; buildah: not on the PATH)',
  );
});

test.each(BUILDERS)(
  '%s gets the build arguments, and the certificates as a secret that stays out of the image',
  (name) => {
    process.env['PATH'] = `${folder}:${pathBefore}`;
    program(name, WORKS);
    const image = 'tandem:test';
    build(name, { image, context: '.', buildArguments: { ENGINE: 'tfjs-node' }, certificates: '/some/file' });
    writeArchive(name, image, 'image.tar');
    const [built, archived] = called();
    expect(built).toMatch(
      /^build .*--tag tandem:test --build-arg ENGINE=tfjs-node --secret id=certificates,src=\/some\/file \.$/,
    );
    expect(archived).toBe(
      name === 'docker'
        ? 'save --output image.tar tandem:test'
        : 'push --quiet tandem:test docker-archive:image.tar:tandem:test',
    );
  },
);

test.each([
  ['buildah', 'inspect --type image --format {{.OCIv1.Architecture}} a:b'],
  ['docker', 'image inspect --format {{.Architecture}} a:b'],
] as const)('%s tells the architecture of an image', (name, expected) => {
  process.env['PATH'] = `${folder}:${pathBefore}`;
  program(name, `${WORKS}; echo arm64`);
  expect(imageArchitecture(name, 'a:b')).toBe('arm64');
  expect(called()).toEqual([expected]);
});

test('a build that fails is an error', () => {
  process.env['PATH'] = `${folder}:${pathBefore}`;
  program('buildah', 'exit 125');
  expect(() => build('buildah', { image: 'a:b', context: '.', buildArguments: {} })).toThrow(
    'buildah build ended with status 125: see its output above',
  );
});
