/** A model that is replaced on the disk while its processes run: one that restarts loads the new one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Running } from '../../../service/main';
import { json, post } from '../../support/client';
import { recorded } from '../../support/recorded-log';
import { fakeModels, grey, startServer } from '../../support/server';

const NEW_CLASSES = ['new-one', 'new-two', 'new-three'];
const MIXED = /run different versions of it, because its files were replaced: restart the service/;

const modelsDir = fakeModels();
const { lines, log } = recorded();
let server: Running & { url: string };
let image: Buffer;
/** The classes of each version. */
const classesOf = new Map<string, readonly string[]>();
let oldVersion: string;

beforeAll(async () => {
  image = await grey(0.9).png().toBuffer();
  server = await startServer({ models: ['latency'], modelsDir }, 20_000, {
    log,
    parallelism: { processes: 2, threads: 1 },
  });
  await server.ready;
  oldVersion = (await classified()).version;
  const file = join(modelsDir, 'latency', 'model.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { readonly classes: readonly string[] };
  classesOf.set(oldVersion, manifest.classes);
  writeFileSync(file, JSON.stringify({ ...manifest, classes: NEW_CLASSES }));
  process.kill(server.queues.get('latency')!.processIds[1]!, 'SIGKILL');
  while (!lines.some(({ msg }) => MIXED.test(String(msg)))) await new Promise((r) => setTimeout(r, 20));
  const { sha256s } = lines.find(({ msg }) => MIXED.test(String(msg))) as { sha256s?: string[] };
  for (const sha256 of sha256s!) {
    const version = sha256.slice(0, oldVersion.length);
    if (version !== oldVersion) classesOf.set(version, NEW_CLASSES);
  }
}, 120_000);
afterAll(() => server.stop());

interface Answer {
  readonly version: string;
  readonly top: readonly { readonly class: string }[];
}
const classified = async () =>
  (await json(await post(`${server.url}/v1/classify`, image, 'image/png'))) as Answer;
const twice = <T>(ask: () => Promise<T>) => Promise.all([ask(), ask()]);
const sorted = (names: readonly string[] | undefined) => [...names!].sort();

const TENSOR = JSON.stringify({
  inputs: [{ name: 'image', datatype: 'UINT8', shape: [1, 224, 224, 3], data: new Array(150_528).fill(9) }],
  outputs: [{ name: 'probabilities', parameters: { classification: 3 } }],
});
const infer = async (version: string) => {
  const path = `${server.url}/v2/models/latency${version}/infer`;
  const response = await post(path, TENSOR, 'application/json');
  return { status: response.status, body: await json(response) };
};

test('the version and the classes of an answer are those of the model that gave it', async () => {
  const versions = new Set<string>();
  for (let i = 0; i < 10; i++) {
    for (const { version, top } of await twice(classified)) {
      versions.add(version);
      expect(top.map((each) => each.class).sort()).toEqual(sorted(classesOf.get(version)));
    }
    for (const { body } of await twice(() => infer(''))) {
      const names = (body.outputs[0].data as string[]).map((text) => text.split(':')[2]!);
      expect(names.sort()).toEqual(sorted(classesOf.get(body.model_version)));
    }
  }
  expect([...versions].sort()).toEqual([...classesOf.keys()].sort());
});

test('a request for a version never gets the answer of another one', async () => {
  const statuses = new Set<number>();
  for (let i = 0; i < 10; i++) {
    for (const { status, body } of await twice(() => infer(`/versions/${oldVersion}`))) {
      statuses.add(status);
      if (status === 200) expect(body.model_version).toBe(oldVersion);
      else expect(body.code).toBe('UNKNOWN_VERSION');
    }
  }
  expect([...statuses].sort()).toEqual([200, 404]);
});

test('images of one request that met two models are no answer, but may be sent again', async () => {
  const images = new Array(4).fill(image.toString('base64'));
  const list = async () => {
    const response = await post(`${server.url}/v1/classify`, JSON.stringify({ images }), 'application/json');
    return { status: response.status, body: await json(response) };
  };
  const statuses = new Set<number>();
  for (let i = 0; i < 5; i++) {
    // The third keeps both processes busy, so that no request has one of them for itself.
    for (const { status, body } of await Promise.all([list(), list(), list()])) {
      statuses.add(status);
      if (status === 503) expect(body).toMatchObject({ code: 'WORKER_FAILED' });
      else
        for (const { top } of (body as { results: Answer[] }).results)
          expect(top.map((each) => each.class).sort()).toEqual(sorted(classesOf.get(body.version)));
    }
  }
  expect(statuses).toContain(503);
});
