/**
 * Compares models of `tandem train` with Keras' models on the same images, image by image.
 *
 * npx tsx bench/experiments/paired-with-keras.ts --data DIR (--pair MODEL_FOLDER=KERAS_OUT)... [--allow-leakage] [--out FILE]
 *
 * KERAS_OUT is the folder that keras_recipe.py wrote. Each pair gets a row; give one per seed. --out keeps the counts in a file,
 * beside those of other seeds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, relative, sep } from 'node:path';

import { readDataset } from '../../models/data/dataset';
import { MAX_TRAINING_PIXELS } from '../../models/data/decode';
import { loadEngine } from '../../models/engines/load';
import { correctPredictions } from '../../models/evaluation/evaluation';
import { evaluateDataset } from '../../models/evaluation/evaluate-dataset';
import { comparePaired } from '../../statistics/paired-comparison';
import { PACKAGE_ROOT } from '../../files/package-root';
import { writeFileAtomic } from '../../files/write';
import { readSavedModel } from '../../models/weights/saved-model';
import { pairedText, type PairedTraining, parsePaired, withTrainings } from './paired-with-keras-document';
import { programArguments } from './program-arguments';

const onnxCacheDir = join(PACKAGE_ROOT, 'build', 'onnx');
const SPLITS = ['val', 'test'] as const;

/** Output of keras_recipe.py for one split: files relative to its folder, and the indices of their classes. */
interface KerasSplit {
  readonly files: readonly string[];
  readonly labels: readonly number[];
  readonly probabilities: readonly (readonly number[])[];
}

type KerasOutput = {
  readonly classes: readonly string[];
  readonly keras: string;
  readonly seed: number;
} & Readonly<Record<(typeof SPLITS)[number], KerasSplit>>;

/** Whether Keras was right, by `split/class/file`. */
function kerasAnswers(output: KerasOutput): Map<string, boolean> {
  const classCount = output.classes.length;
  return new Map(
    SPLITS.flatMap((split) => {
      const { files, labels, probabilities } = output[split];
      const right = correctPredictions(labels, Float32Array.from(probabilities.flat()), classCount);
      return files.map((file, i) => [`${split}/${file}`, right[i]!] as const);
    }),
  );
}

async function measure(text: string, data: string, allowLeakage: boolean): Promise<PairedTraining> {
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
  const output = JSON.parse(readFileSync(join(kerasFolder, 'probabilities.json'), 'utf8')) as KerasOutput;
  const answers = kerasAnswers(output);
  const keras = items.map(({ path }) => {
    const name = relative(data, path).split(sep).join('/');
    const right = answers.get(name);
    if (right === undefined)
      throw new Error(
        `${kerasFolder}/probabilities.json lacks ${name}: run keras_recipe.py on the same --data`,
      );
    return right;
  });
  const ours = correctPredictions(labels, probabilities, classes.length);
  const { bothRight, onlyARight, onlyBRight, bothWrong } = comparePaired(ours, keras);
  return { seed: output.seed, keras: output.keras, bothRight, onlyARight, onlyBRight, bothWrong };
}

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: {
      data: { type: 'string' },
      pair: { type: 'string', multiple: true },
      'allow-leakage': { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  });
  const { data, pair, 'allow-leakage': allowLeakage, out } = values;
  if (data === undefined || pair === undefined) throw new RangeError('--data and --pair must be given');
  const trainings: PairedTraining[] = [];
  for (const text of pair) trainings.push(await measure(text, data, allowLeakage));
  const before = out !== undefined && existsSync(out) ? parsePaired(readFileSync(out, 'utf8')) : undefined;
  const document = withTrainings(before, basename(data), trainings);
  console.log(pairedText(document));
  if (out !== undefined) writeFileAtomic(out, `${JSON.stringify(document, undefined, 2)}\n`);
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
