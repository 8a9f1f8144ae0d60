import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';

import { addPull } from '../../cli/pull';
import { megabyteProgress, pulledLines } from '../../cli/pull-text';
import { imagenetCard } from '../../models/report/imagenet-card';
import { IMAGENET_CLASSIFIERS } from '../../models/weights/imagenet-classifiers';
import type { SavedModel } from '../../models/weights/saved-model';

const folder = mkdtempSync(join(tmpdir(), 'tandem-pull-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = async (...words: string[]) => {
  const program = new Command('tandem').exitOverride().configureOutput({ writeErr: () => undefined });
  addPull(program);
  program.commands.forEach((command) => command.exitOverride());
  await program.parseAsync(['pull', ...words], { from: 'user' });
};

test.each(['mirror.example/keras', join(folder, 'none'), 'ftp://mirror.example'])(
  '--from %s is refused before anything is written, since it is neither a folder nor a server',
  async (from) => {
    const out = join(folder, 'out');
    await expect(run('imagenet', '--from', from, '--out', out)).rejects.toThrow(
      `--from must be an existing folder, or a URL that begins with http:// or https://, received ${from}: name the folder`,
    );
    expect(existsSync(out)).toBe(false);
  },
);

test('an unknown set is refused with the known ones', async () => {
  await expect(run('coco')).rejects.toThrow(/'coco' is invalid.*imagenet/);
});

test('a download is reported in whole megabytes, once each, and at its end', () => {
  const counts: string[] = [];
  const report = megabyteProgress('MobileNetV2', ({ task, done, total }) =>
    counts.push(`${task} ${done}/${total}`),
  );
  for (const receivedBytes of [10, 400_000, 1_200_000, 1_900_000, 2_500_000, 2_600_000]) {
    report({ receivedBytes, totalBytes: 2_600_000 });
  }
  expect(counts).toEqual([0, 1, 2].map((done) => `downloading MobileNetV2, MB ${done}/2`));
  report({ receivedBytes: 9_000_000, totalBytes: undefined });
  expect(counts).toHaveLength(3);
});

const saved = (model: string): SavedModel => ({
  format: 'tandem-saved-model',
  formatVersion: 1,
  ...{ model: model, architecture: 'mobilenetv2', preprocessing: 'minus-one-to-one' },
  ...{ classes: ['tench', 'goldfish'], demo: false, folder: `my models/${model}` },
  base: { kind: 'imagenet', file: 'a.h5', bytes: 1, sha256: 'a'.repeat(64) },
  weights: { file: 'weights.safetensors', sha256: 'b'.repeat(64) },
});

test('the models come with the accuracy that Keras reports, then the next commands', () => {
  const pulled = IMAGENET_CLASSIFIERS.map((classifier) => ({
    classifier,
    saved: saved(classifier.model),
  }));
  expect(pulledLines(pulled)).toEqual([
    "latency: MobileNetV2, 2 classes, top-1 accuracy 71.3 % (reported by Keras), in 'my models/latency'",
    "accuracy: ResNet101V2, 2 classes, top-1 accuracy 77.2 % (reported by Keras), in 'my models/accuracy'",
    'Next:',
    "  npx tandem serve 'my models/latency' 'my models/accuracy'",
    "  npx tandem predict 'my models/latency' IMAGE",
    "  npm run image -- 'my models/latency' 'my models/accuracy'",
  ]);
});

test('the card says where the weights are from, and that their accuracy is reported, not measured', () => {
  const card = imagenetCard(IMAGENET_CLASSIFIERS[0]!, saved('latency'));
  expect(card).toContain(`<${IMAGENET_CLASSIFIERS[0]!.weights.url}>, SHA-256 ${'a'.repeat(64)}`);
  expect(card).toContain('| input | 224 x 224 x 3, rescaled to [-1, 1] |');
  expect(card).toContain('71.3 % on ImageNet’s validation images, *reported* by Keras');
  expect(card).toContain('was not measured here');
});
