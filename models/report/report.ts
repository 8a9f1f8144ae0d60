/**
 * Writes the evidence of a trained model into its folder: the card, the figures as JSON, the charts and the sheet of
 * mistakes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { confusionChart, reliabilityChart } from './evaluation-charts';
import type { Int8File } from '../engines/onnxruntime/int8-file';
import type { DatasetEvaluation, LabelledFile } from '../evaluation/evaluate-dataset';
import { worstMistakes } from '../evaluation/evaluation';
import { writeFileAtomic } from '../../files/write';
import { REPORT_FILES } from '../report-files';
import type { HistoryEntry } from '../training/history';
import { int8Section, withInt8Section } from './int8-section';
import { MAX_SHEET_IMAGES, mistakesSheet } from './mistakes-sheet';
import { modelCard } from './model-card';
import { mainSplit, type ModelCardFacts } from './model-facts';
import { trainingChart } from './training-chart';

/** The facts and measurements of a report. */
export interface ReportInput {
  /** Folder of the saved model. */
  readonly folder: string;
  /** The facts, without those that follow from the other fields. */
  readonly facts: Omit<ModelCardFacts, 'mistakes' | 'charts'>;
  /** Epochs of the training; if empty, there is no training chart. */
  readonly history: readonly HistoryEntry[];
  /** The images of the main split. */
  readonly items: readonly LabelledFile[];
  /** The predictions for `items`. */
  readonly measured: DatasetEvaluation;
  /** Maps the path of an image to its name in the card. */
  readonly nameOf: (path: string) => string;
  /** Largest width times height that is decoded. */
  readonly maxPixels: number;
  /** The calibration for int8 of these weights, which a training that is finished again finds beside them. */
  readonly int8?: Int8File | undefined;
}

/** A written report. */
export interface Report {
  readonly facts: ModelCardFacts;
  /** Path of the card. */
  readonly card: string;
  /** Sentences on what is missing, and how to get it. */
  readonly warnings: readonly string[];
}

/**
 * Writes the report. Each file is written atomically, the card last.
 *
 * @throws RangeError if no split was measured
 */
export async function writeReport({
  folder,
  facts,
  history,
  items,
  measured,
  nameOf,
  maxPixels,
  int8,
}: ReportInput): Promise<Report> {
  const { model, classes } = facts;
  const { split, evaluation } = mainSplit(facts);
  const worst = worstMistakes(measured.labels, measured.probabilities, classes.length, MAX_SHEET_IMAGES);
  const titled = (what: string) => `${what} of ${model} on the ${split} split, measured`;
  const charts = {
    ...(history.length === 0 ? {} : { training: trainingChart(history, `Training of ${model}, measured`) }),
    confusion: confusionChart(evaluation, classes, titled('Confusion')),
    reliability: reliabilityChart(evaluation, titled('Reliability')),
  };
  const sheet =
    worst.length === 0
      ? undefined
      : await mistakesSheet(
          worst.map(({ index, label, predicted, confidence }) => ({
            image: readFileSync(items[index]!.path),
            trueClass: classes[label]!,
            predictedClass: classes[predicted]!,
            confidence,
          })),
          titled('Most confident mistakes'),
          maxPixels,
        );
  const full: ModelCardFacts = {
    ...facts,
    mistakes: worst.map((mistake) => ({ ...mistake, file: nameOf(items[mistake.index]!.path) })),
    charts: {
      ...(history.length === 0 ? {} : { training: REPORT_FILES.training }),
      confusion: REPORT_FILES.confusion,
      reliability: REPORT_FILES.reliability,
      ...(sheet === undefined ? {} : { mistakes: REPORT_FILES.mistakes }),
    },
  };
  const write = (file: keyof typeof REPORT_FILES, contents: string | Buffer) =>
    writeFileAtomic(join(folder, REPORT_FILES[file]), contents);
  for (const [name, svg] of Object.entries(charts)) write(name as keyof typeof charts, svg);
  if (sheet !== undefined) write('mistakes', sheet.jpeg);
  write(
    'figures',
    `${JSON.stringify({ format: 'tandem-evaluation', formatVersion: 1, ...full }, null, 2)}\n`,
  );
  const card = modelCard(full);
  write('card', int8 === undefined ? card : withInt8Section(card, int8Section(int8)));
  return {
    facts: full,
    card: join(folder, REPORT_FILES.card),
    warnings:
      sheet?.hasText === false
        ? [
            `${REPORT_FILES.mistakes} shows boxes instead of letters because this machine has no font: install one, such as DejaVu; the card lists the mistakes too`,
          ]
        : [],
  };
}
