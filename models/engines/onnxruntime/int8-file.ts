/**
 * What calibration leaves beside a saved model, so that it is quantized without images: the range of each activation, and
 * what 8 bits cost.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { sha256 } from '../../../files/sha256';
import { writeFileAtomic } from '../../../files/write';
import type { InputMeans } from '../../onnx/quantize/bias-correction';
import { RANGE_METHODS, type RangeMethod } from '../../onnx/quantize/choose-range';
import type { Ranges } from '../../onnx/quantize/quantize';
import { type SavedModel, savedModelSha256 } from '../../weights/saved-model';
import { numbersToText, textToNumbers } from './number-text';

/** Name of the file in a saved model's folder. */
export const INT8_NAME = 'int8.json';

/** What the gate says: whether 8 bits may be the default. */
export const VERDICTS = ['passed', 'failed', 'too few images'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What 8 bits cost, measured on images that neither trained nor calibrated the model. */
export interface Int8Cost {
  readonly images: number;
  /** Share of images whose most probable class is their true class. */
  readonly accuracyFp32: number;
  readonly accuracyInt8: number;
  /** 95 % interval of the accuracy at int8 minus that at fp32, of paired images. */
  readonly differenceInterval95: readonly [number, number];
  /** Share of images with the same most probable class. */
  readonly sameTop1: number;
  readonly verdict: Verdict;
}

/** How a model's activations become bytes. */
export interface Calibration {
  /** How the ranges were chosen. */
  readonly method: RangeMethod;
  /** Number of images that the ranges were chosen on. */
  readonly images: number;
  readonly ranges: Ranges;
  /** Mean inputs of the convolutions, if their biases are corrected. */
  readonly inputMeans?: InputMeans | undefined;
}

/** Contents of the file; there `inputMeans` are texts of `number-text.ts`. */
export interface Int8File extends Calibration {
  readonly format: 'tandem-int8';
  readonly formatVersion: 1;
  /** SHA-256 of the saved model that was calibrated. */
  readonly modelSha256: string;
  readonly cost: Int8Cost;
}

type MeansTexts = Readonly<Record<string, string>>;

const mapValues = <A, B>(of: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, map(value)]));

const path = (folder: string) => join(folder, INT8_NAME);

/** Writes the file beside a saved model. */
export function writeInt8File(saved: SavedModel, calibration: Calibration, cost: Int8Cost): string {
  const { method, images, ranges, inputMeans } = calibration;
  const contents: Omit<Int8File, 'inputMeans'> & { readonly inputMeans?: MeansTexts | undefined } = {
    format: 'tandem-int8',
    formatVersion: 1,
    modelSha256: savedModelSha256(saved),
    ...{ method, images, cost, ranges },
    inputMeans: inputMeans && mapValues(inputMeans, numbersToText),
  };
  // One range per line.
  const text = JSON.stringify(contents, null, 2).replace(/\[\s+([^\s,]+),\s+([^\s,]+)\s+\]/g, '[$1, $2]');
  writeFileAtomic(path(saved.folder), `${text}\n`);
  return path(saved.folder);
}

function isRange(range: unknown): boolean {
  return Array.isArray(range) && range.length === 2 && range.every((bound) => Number.isFinite(bound));
}

/**
 * Reads the file beside a saved model; undefined if there is none, or if it is of other weights.
 *
 * @throws TypeError naming the file and a field that is not valid
 */
export function readInt8File(saved: SavedModel): Int8File | undefined {
  const file = path(saved.folder);
  if (!existsSync(file)) return undefined;
  const { inputMeans, ...contents } = JSON.parse(readFileSync(file, 'utf8')) as Partial<
    Omit<Int8File, 'inputMeans'>
  > & { readonly inputMeans?: MeansTexts };
  const { format, formatVersion, modelSha256, method, ranges, cost } = contents;
  const valid: [boolean, string, string, unknown][] = [
    [format === 'tandem-int8', 'format', '"tandem-int8"', format],
    [formatVersion === 1, 'formatVersion', '1', formatVersion],
    [RANGE_METHODS.includes(method!), 'method', `one of ${RANGE_METHODS.join(', ')}`, method],
    [
      VERDICTS.includes(cost?.verdict as Verdict),
      'cost.verdict',
      `one of ${VERDICTS.join(', ')}`,
      cost?.verdict,
    ],
    [
      ranges !== undefined && Object.values(ranges).every(isRange),
      'ranges',
      'an object of pairs of finite numbers',
      ranges,
    ],
    [
      Object.values(inputMeans ?? {}).every((means) => typeof means === 'string'),
      'inputMeans',
      'an object of texts',
      inputMeans,
    ],
  ];
  for (const [ok, field, expected, value] of valid) {
    if (!ok) {
      throw new TypeError(
        `${file}: ${field} must be ${expected}, received ${JSON.stringify(value)}: calibrate the model again`,
      );
    }
  }
  if (modelSha256 !== savedModelSha256(saved)) return undefined;
  return { ...(contents as Int8File), inputMeans: inputMeans && mapValues(inputMeans, textToNumbers) };
}

/** What a graph is quantized with, and the checksum of that. */
export interface CalibratedRanges extends Pick<Calibration, 'ranges' | 'inputMeans'> {
  readonly sha256: string;
}

/**
 * What a saved model is quantized with.
 *
 * @throws Error with the remedy if the model, as it is, was never calibrated
 */
export function requireInt8(saved: SavedModel): CalibratedRanges {
  const found = readInt8File(saved);
  if (found === undefined) {
    const why = existsSync(path(saved.folder)) ? 'was calibrated with other weights' : 'was never calibrated';
    throw new Error(
      `the model in ${saved.folder} cannot run at int8, because it ${why}: calibrate it with \`npx tandem export ${saved.folder} --precision int8 --calibrate FOLDER\`, or choose precision fp32`,
    );
  }
  const { ranges, inputMeans } = found;
  const means = inputMeans === undefined ? '' : JSON.stringify(mapValues(inputMeans, numbersToText));
  return { ranges, inputMeans, sha256: sha256(`${JSON.stringify(ranges)}${means}`) };
}
