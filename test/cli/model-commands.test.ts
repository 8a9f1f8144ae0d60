import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';

import { addEvaluate } from '../../cli/evaluate';
import { addExport } from '../../cli/export';
import { addPack } from '../../cli/pack';
import { copyWithoutBase, DEMO_MODELS_DIR } from '../../models/weights/saved-model';

const folder = mkdtempSync(join(tmpdir(), 'tandem-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const runIn = async (modelsDir: string, ...words: string[]) => {
  const program = new Command('tandem').exitOverride().configureOutput({ writeErr: () => undefined });
  const defaults = { threads: 1, modelsDir, onnxCacheDir: join(folder, 'onnx') };
  for (const add of [addEvaluate, addExport, addPack]) add(program, () => defaults);
  await program.parseAsync(words, { from: 'user' });
};
const run = (...words: string[]) => runIn(DEMO_MODELS_DIR, ...words);

test.each<[string[], string]>([
  [
    ['evaluate', 'latency', '--data', folder, '--write-card'],
    '--write-card is for a demo model on its own images: leave out --write-card or --data',
  ],
  [
    ['evaluate', 'latency', '--data', folder, '--card'],
    '--card is for a demo model on its own images: leave out --card or --data',
  ],
  [['evaluate', 'latency', '--card', '--json'], "option '--card' cannot be used with option '--json'"],
  [
    ['evaluate', 'latency', '--card', '--precision', 'both'],
    '--card shows one precision, received --precision both: leave out --card, or choose one',
  ],
  [
    ['evaluate', 'latency', '--split', 'val', '--seed', '5', '--allow-leakage'],
    '--split and --seed and --allow-leakage cannot be used without --data: name the folder of images with --data, or leave out --split and --seed and --allow-leakage',
  ],
  [
    ['export', 'latency', '--h5', 'x.h5', '--out', 'graphs'],
    '--out is the folder of graphs, and --h5 names its own file x.h5: leave out one of them',
  ],
  [
    ['export', 'latency', '--h5', 'x.h5', '--precision', 'int8'],
    '--precision has no effect on a Keras weight file: leave out one of --h5 and --precision',
  ],
  [['export', 'latency', '--calibrate', folder], '--calibrate is for int8: add --precision int8'],
  [
    ['export', 'latency', '--precision', 'int8', '--force'],
    '--force overrules the gate of --calibrate: add --calibrate, or leave out --force',
  ],
  [
    ['evaluate', 'latency', '--write-card', '--precision', 'both'],
    '--write-card is for fp32, received --precision both: `npm run demo:int8` writes what int8 costs',
  ],
])('%j is refused, since it would ignore an option', async (words, message) => {
  await expect(run(...words)).rejects.toThrow(message);
});

describe('without --data, evaluate measures the demo models only', () => {
  const own = join(folder, 'models');
  const latency = join(own, 'latency');
  const evaluate = (...models: string[]) =>
    runIn(own, 'evaluate', ...models, '--write-card', '--precision', 'int8');
  const refusal = (received: string) =>
    `without --data the model must be one demo model, accuracy or latency, received ${received}: name the folder of images with --data, or name one demo model`;
  beforeAll(() => copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), latency));

  test('not a model of the same name in MODELS_DIR', async () => {
    await expect(evaluate('latency')).rejects.toThrow(refusal(`latency, which is ${latency}`));
  });

  test.each([[[latency]], [['latency', 'accuracy']]])('not %j', async (models) => {
    await expect(evaluate(...models)).rejects.toThrow(refusal(models.join(', ')));
  });

  test.each(['other models only', 'none', 'no folder'])(
    'a demo model by its name, though MODELS_DIR holds %s',
    async (what) => {
      const other = join(folder, what);
      if (what !== 'no folder') mkdirSync(other);
      if (what === 'other models only')
        copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), join(other, 'birds'));
      const words = ['--write-card', '--precision', 'int8'];
      await expect(runIn(other, 'evaluate', 'latency', ...words)).rejects.toThrow('--write-card is for fp32');
    },
  );

  test('a demo model also by its folder, as far as the other options are right', async () => {
    await expect(evaluate(join(DEMO_MODELS_DIR, 'latency'))).rejects.toThrow('--write-card is for fp32');
  });
});

test('int8 of a model that was never calibrated is refused with the remedy', async () => {
  const plain = join(folder, 'plain');
  copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), plain);
  await expect(run('export', plain, '--precision', 'int8')).rejects.toThrow(
    `the model in ${plain} cannot run at int8, because it was never calibrated: calibrate it with \`npx tandem export ${plain} --precision int8 --calibrate FOLDER\`, or choose precision fp32`,
  );
});

describe('a path that cannot be written is refused with the option’s name, before any work', () => {
  const file = join(folder, 'file');
  const copy = join(folder, 'copy');
  beforeAll(() => {
    writeFileSync(file, '');
    copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), copy);
  });

  test.each(['pack', 'export'])('%s --out', async (command) => {
    for (const [out, code] of [
      [file, 'EEXIST'],
      [join(file, 'below'), 'ENOTDIR'],
    ] as const) {
      await expect(run(command, 'latency', '--out', out)).rejects.toThrow(
        `--out must be a folder that can be created and written to, received ${out} (${code}`,
      );
    }
  });

  test('export --h5', async () => {
    const missing = join(folder, 'missing');
    await expect(run('export', 'latency', '--h5', join(missing, 'x.h5'))).rejects.toThrow(
      `--h5 must be a file in an existing folder, received ${join(missing, 'x.h5')}: create the folder ${missing}, or choose another`,
    );
    await expect(run('export', 'latency', '--h5', folder)).rejects.toThrow(
      `--h5 must be a file in an existing folder, received ${folder}: name a file in it`,
    );
  });

  test('pack with two models of the same name', async () => {
    const out = join(folder, 'packed');
    await expect(run('pack', 'latency', copy, '--out', out)).rejects.toThrow(
      `the models must have different names, received latency for both ${join(DEMO_MODELS_DIR, 'latency')} and ${copy}: pack each with its own --out`,
    );
    expect(existsSync(out)).toBe(false);
  });
});
