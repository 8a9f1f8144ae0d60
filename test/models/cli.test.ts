import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';

import { addModelCommands } from '../../models/cli';
import { copySavedModel, DEMO_MODELS_DIR } from '../../models/weights/saved-model';

const folder = mkdtempSync(join(tmpdir(), 'tandem-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = async (...words: string[]) => {
  const program = new Command('tandem').exitOverride();
  addModelCommands(program, () => ({
    threads: 1,
    modelsDir: DEMO_MODELS_DIR,
    onnxCacheDir: join(folder, 'onnx'),
  }));
  await program.parseAsync(words, { from: 'user' });
};

test.each<[string[], string]>([
  [
    ['evaluate', 'latency', '--data', folder, '--write-card'],
    '--write-card is for a demo model on its own pictures: leave out --write-card, or leave out --data',
  ],
  [
    ['evaluate', 'latency', '--split', 'val', '--seed', '5', '--allow-leakage'],
    '--split and --seed and --allow-leakage must come with --data, received none: give the pictures’ folder with --data, or leave out --split and --seed and --allow-leakage',
  ],
])('an option that %j would not heed is refused by its name', async (words, message) => {
  await expect(run(...words)).rejects.toThrow(message);
});

test.each([[[folder]], [['latency', 'accuracy']]])('without --data, %j is no demo model', async (models) => {
  await expect(run('evaluate', ...models)).rejects.toThrow(
    `without --data the model must be one demo model, accuracy or latency, received ${models.join(', ')}: give the pictures’ folder with --data, or name one demo model`,
  );
});
