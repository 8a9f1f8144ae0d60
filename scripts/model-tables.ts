/**
 * The generated tables about models: docs/training.md and docs/serving.md.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { code, table } from '../charts/markdown';
import { percent, percentRange, points } from '../charts/percent';
import { INPUT_SHAPE, MODEL_IDS, MODELS } from '../models/catalog';
import { DEFAULT_SHARES } from '../models/data/dataset-splits';
import { SPLIT_NAMES } from '../models/data/split-folders';
import type { DemoEvaluation } from '../models/demo/evaluate';
import { readInt8File } from '../models/engines/onnxruntime/int8-file';
import { int8Accuracy } from '../models/evaluation/int8-accuracy';
import { GATE_TEXT } from '../models/evaluation/precision-gate';
import { REPORT_FILES } from '../models/report-files';
import { RECIPES } from '../models/recipes';
import { DEMO_MODELS_DIR, readSavedModel } from '../models/weights/saved-model';
// What happens with each shape is what its test expects: the table is that test's.
import { outcomeText, SHAPES } from '../test/models/data/shapes';

export const MODEL_TABLES: Readonly<Record<string, () => string>> = {
  recipes: () =>
    table(
      ['', ...MODEL_IDS],
      [
        ['architecture', ...MODEL_IDS.map((model) => code(MODELS[model].architecture))],
        ['input', ...MODEL_IDS.map(() => INPUT_SHAPE.join(' x '))],
        ...(['head', 'fineTune'] as const).map((stage) => [
          stage === 'head'
            ? 'head: epochs, learning rate'
            : 'fine-tuning: epochs, learning rate, layers un-frozen',
          ...MODEL_IDS.map((model) => {
            const { epochs, learningRate } = RECIPES[model][stage];
            const rest = stage === 'fineTune' ? `, ${RECIPES[model].fineTune.layersUnfrozen}` : '';
            return `${epochs}, ${learningRate}${rest}`;
          }),
        ]),
      ],
    ),
  demo: () =>
    table(
      ['demo model', 'test images', 'precision', 'measured accuracy', '95 % interval'],
      MODEL_IDS.flatMap((model) => {
        const folder = join(DEMO_MODELS_DIR, model);
        const file = join(folder, REPORT_FILES.figures);
        if (!existsSync(file)) return [];
        const { accuracy, interval95, images } = JSON.parse(readFileSync(file, 'utf8')) as DemoEvaluation;
        const card = `[${model}](../models/demo/${model}/${REPORT_FILES.card})`;
        const cost = readInt8File(readSavedModel(folder))?.cost;
        const atInt8 = cost && int8Accuracy(cost);
        return [
          [card, images, 'fp32', percent(accuracy), percentRange(interval95)],
          ...(atInt8
            ? [[card, atInt8.images, 'int8', percent(atInt8.share), percentRange(atInt8.interval95)]]
            : []),
        ];
      }),
    ),
  precision: () =>
    `${table(
      [
        'demo model',
        'fp32',
        'int8',
        'difference in points, 95 % interval',
        'same top class',
        'images',
        'gate',
        'default',
      ],
      MODEL_IDS.flatMap((model) => {
        const int8 = readInt8File(readSavedModel(join(DEMO_MODELS_DIR, model)));
        if (int8 === undefined) return [];
        const { accuracyFp32, accuracyInt8, differenceInterval95, sameTop1, images, verdict } = int8.cost;
        const difference = `${points(accuracyInt8 - accuracyFp32)} (${differenceInterval95.map(points).join(' to ')})`;
        const shares = [percent(accuracyFp32), percent(accuracyInt8), difference, percent(sameTop1)];
        return [[code(model), ...shares, images, verdict, verdict === 'passed' ? 'int8' : 'fp32']];
      }),
    )}\n\nThe gate asks for ${GATE_TEXT}.`,
  shapes: () => {
    const rows = SHAPES.map(({ holds, train, evaluate }) => [
      holds,
      outcomeText(train),
      outcomeText(evaluate),
    ]);
    const shares = SPLIT_NAMES.map((split) => `${split} ${Math.round(100 * DEFAULT_SHARES[split])} %`);
    return `${table(['the folder of `--data` holds', '`tandem train`', '`tandem evaluate`'], rows)}

A split by seed gives ${shares.join(', ')} of the different images of each class; \`--split-shares 0.8,0.1,0.1\` gives others.`;
  },
};
