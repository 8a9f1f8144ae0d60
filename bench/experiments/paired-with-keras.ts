/**
 * Compares models of `tandem train` with Keras' models on the same images, image by image.
 *
 * npx tsx bench/experiments/paired-with-keras.ts --data DIR (--pair MODEL_FOLDER=KERAS_OUT)... [--allow-leakage]
 *
 * KERAS_OUT is the folder that keras_recipe.py wrote. Each pair gets a row; give one per seed, for example.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';

import { readDataset } from '../../models/data/dataset';
import { MAX_TRAINING_PIXELS } from '../../models/data/decode';
import { loadEngine } from '../../models/engines/load';
import { correctPredictions } from '../../models/evaluation/evaluation';
import { wilson95 } from '../../statistics/intervals';
import { evaluateDataset } from '../../models/evaluation/evaluate-dataset';
import { comparePaired } from '../../statistics/paired-comparison';
import { PACKAGE_ROOT } from '../../files/package-root';
import { percent, points } from '../../charts/percent';
import { readSavedModel } from '../../models/weights/saved-model';
import { programArguments } from './program-arguments';

const onnxCacheDir = join(PACKAGE_ROOT, 'build', 'onnx');
const SPLITS = ['val', 'test'] as const;

/** Output of keras_recipe.py for one split: files relative to its folder, and the indices of their classes. */
interface KerasSplit {
  readonly files: readonly string[];
  readonly labels: readonly number[];
  readonly probabilities: readonly (readonly number[])[];
}

type KerasOutput = { readonly classes: readonly string[] } & Readonly<
  Record<(typeof SPLITS)[number], KerasSplit>
>;

interface Pair {
  readonly name: string;
  readonly ours: readonly boolean[];
  readonly keras: readonly boolean[];
}

/** Whether Keras was right, by `split/class/file`. */
function kerasAnswers(folder: string): Map<string, boolean> {
  const output = JSON.parse(readFileSync(join(folder, 'probabilities.json'), 'utf8')) as KerasOutput;
  const classCount = output.classes.length;
  return new Map(
    SPLITS.flatMap((split) => {
      const { files, labels, probabilities } = output[split];
      const right = correctPredictions(labels, Float32Array.from(probabilities.flat()), classCount);
      return files.map((file, i) => [`${split}/${file}`, right[i]!] as const);
    }),
  );
}

async function measure(text: string, data: string, allowLeakage: boolean): Promise<Pair> {
  const [folder, kerasFolder] = text.split('=');
  if (folder === undefined || kerasFolder === undefined) {
    throw new RangeError(`--pair must be MODEL_FOLDER=KERAS_OUT, received ${text}`);
  }
  const dataset = await readDataset(data, { draw: { seed: 1 }, allowLeakage });
  const { classes } = readSavedModel(folder);
  if (String(classes) !== String(dataset.classes)) {
    throw new RangeError(
      `${folder} must know the classes ${dataset.classes.join(', ')}, received ${classes.join(', ')}`,
    );
  }
  const items = SPLITS.flatMap((split) => dataset.splits[split]);
  const engine = await loadEngine({
    kind: 'onnxruntime',
    precision: 'fp32',
    modelDir: folder,
    threads: availableParallelism(),
    onnxCacheDir,
  });
  const { labels, probabilities } = await evaluateDataset(engine, items, { maxPixels: MAX_TRAINING_PIXELS });
  await engine.dispose();
  const answers = kerasAnswers(kerasFolder);
  const keras = items.map(({ path }) => {
    const name = relative(data, path).split(sep).join('/');
    const right = answers.get(name);
    if (right === undefined)
      throw new Error(
        `${kerasFolder}/probabilities.json lacks ${name}: run keras_recipe.py on the same --data`,
      );
    return right;
  });
  return { name: text, ours: correctPredictions(labels, probabilities, classes.length), keras };
}

function row({ name, ours, keras }: Pair): string {
  const { images, difference, interval95, onlyARight, onlyBRight, mcnemarExactP } = comparePaired(
    ours,
    keras,
  );
  const accuracy = (right: readonly boolean[]) => {
    const count = right.filter(Boolean).length;
    return `${percent(count / images)} (${wilson95(count, images).map(percent).join(' to ')})`;
  };
  const gain = `${points(difference)} (${interval95.map(points).join(' to ')})`;
  const alone = `${onlyARight} and ${onlyBRight} (P = ${mcnemarExactP.toFixed(3)})`;
  return `| ${[name, images, accuracy(ours), accuracy(keras), gain, alone].join(' | ')} |`;
}

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: {
      data: { type: 'string' },
      pair: { type: 'string', multiple: true },
      'allow-leakage': { type: 'boolean', default: false },
    },
  });
  const { data, pair, 'allow-leakage': allowLeakage } = values;
  if (data === undefined || pair === undefined) throw new RangeError('--data and --pair must be given');
  console.log(`| pair | images | tandem (95 %) | Keras (95 %) | points of difference (95 %, paired) | right alone |
| --- | --- | --- | --- | --- | --- |`);
  for (const text of pair) console.log(row(await measure(text, data, allowLeakage)));
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
