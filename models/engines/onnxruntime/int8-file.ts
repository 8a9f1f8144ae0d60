/**
 * What calibration leaves beside a saved model, so that it is quantized without images: the range of each activation, and
 * what 8 bits cost.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { sha256 } from '../../../files/sha256';
import { abbreviated } from '../../../files/abbreviated';
import { shellWord } from '../../../files/shell-word';
import { writeFileAtomic } from '../../../files/write';
import type { InputMeans } from '../../onnx/quantize/bias-correction';
import { RANGE_METHODS, type RangeMethod } from '../../onnx/quantize/choose-range';
import type { Ranges } from '../../onnx/quantize/quantize';
import { INT8_NAME, type SavedModel, savedModelSha256 } from '../../weights/saved-model';
import { numbersToText, textToNumbers } from './number-text';

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
    method,
    images,
    cost,
    ranges,
    inputMeans: inputMeans && mapValues(inputMeans, numbersToText),
  };
  // One range per line.
  const text = JSON.stringify(contents, null, 2).replace(/\[\s+([^\s,]+),\s+([^\s,]+)\s+\]/g, '[$1, $2]');
  writeFileAtomic(path(saved.folder), `${text}\n`);
  return path(saved.folder);
}

/** Contents of the file before they are checked. */
type Unchecked = Readonly<Record<string, unknown>>;

interface FieldRule {
  /** With a dot: a field of a field. */
  readonly field: string;
  readonly mustBe: string;
  readonly accepts: (value: unknown) => boolean;
}

const isObject = (value: unknown): value is Unchecked =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isPair = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((bound) => Number.isFinite(bound));
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
const isOneOf = (names: readonly string[]) => (value: unknown) => names.includes(value as string);

const COUNT = { mustBe: 'a whole number above 0', accepts: isCount };
const SHARE = { mustBe: 'a number from 0 to 1', accepts: isShare };

/** What each field must be. Each start of the service reads the file: plain checks load no library. */
const FIELD_RULES: readonly FieldRule[] = [
  { field: 'format', mustBe: '"tandem-int8"', accepts: (value) => value === 'tandem-int8' },
  { field: 'formatVersion', mustBe: '1', accepts: (value) => value === 1 },
  {
    field: 'modelSha256',
    mustBe: '64 lower-case hexadecimal digits',
    accepts: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  },
  { field: 'method', mustBe: `one of ${RANGE_METHODS.join(', ')}`, accepts: isOneOf(RANGE_METHODS) },
  { field: 'images', ...COUNT },
  { field: 'cost.images', ...COUNT },
  { field: 'cost.accuracyFp32', ...SHARE },
  { field: 'cost.accuracyInt8', ...SHARE },
  { field: 'cost.differenceInterval95', mustBe: 'a pair of finite numbers', accepts: isPair },
  { field: 'cost.sameTop1', ...SHARE },
  { field: 'cost.verdict', mustBe: `one of ${VERDICTS.join(', ')}`, accepts: isOneOf(VERDICTS) },
  {
    field: 'ranges',
    mustBe: 'an object of pairs of finite numbers',
    accepts: (value) => isObject(value) && Object.values(value).every(isPair),
  },
  {
    field: 'inputMeans',
    mustBe: 'an object of texts',
    accepts: (value) =>
      value === undefined ||
      (isObject(value) && Object.values(value).every((means) => typeof means === 'string')),
  },
];

function valueOf(contents: Unchecked, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), contents);
}

const shown = (value: unknown): string =>
  value === undefined ? 'undefined' : abbreviated(JSON.stringify(value));

const calibrateCommand = (folder: string) =>
  `\`npx tandem export ${shellWord(folder)} --precision int8 --calibrate FOLDER\``;

/** What to do about a file that is damaged. */
const remedy = (folder: string) =>
  `calibrate again with ${calibrateCommand(folder)}, or delete the file to run at fp32`;

function parseContents(file: string, folder: string): Unchecked {
  let contents: unknown;
  try {
    contents = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new TypeError(`${file} must be JSON (${cause.message}): ${remedy(folder)}`, { cause });
  }
  if (isObject(contents)) return contents;
  throw new TypeError(`${file} must be a JSON object, received ${shown(contents)}: ${remedy(folder)}`);
}

/**
 * Reads the file beside a saved model; undefined if there is none, or if it is of other weights.
 *
 * @throws TypeError naming the file, a field that is not valid and the remedy
 */
export function readInt8File(saved: SavedModel): Int8File | undefined {
  const file = path(saved.folder);
  if (!existsSync(file)) return undefined;
  const contents = parseContents(file, saved.folder);
  for (const { field, mustBe, accepts } of FIELD_RULES) {
    const value = valueOf(contents, field);
    if (accepts(value)) continue;
    throw new TypeError(
      `${file}: ${field} must be ${mustBe}, received ${shown(value)}: ${remedy(saved.folder)}`,
    );
  }
  if (contents['modelSha256'] !== savedModelSha256(saved)) return undefined;
  const inputMeans = contents['inputMeans'] as MeansTexts | undefined;
  return {
    ...(contents as unknown as Int8File),
    inputMeans: inputMeans && mapValues(inputMeans, textToNumbers),
  };
}

/** What a graph is quantized with, and the checksum of that. */
export interface CalibratedRanges extends Pick<Calibration, 'ranges' | 'inputMeans'> {
  readonly sha256: string;
}

/** How the name of a graph tells calibrations apart. */
export const calibrationName = ({ sha256: sum }: Pick<CalibratedRanges, 'sha256'>): string =>
  `int8-${sum.slice(0, 8)}`;

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
      `the model in ${saved.folder} cannot run at int8, because it ${why}: calibrate it with ${calibrateCommand(saved.folder)}, or choose precision fp32`,
    );
  }
  const { ranges, inputMeans } = found;
  const means = inputMeans === undefined ? '' : JSON.stringify(mapValues(inputMeans, numbersToText));
  return { ranges, inputMeans, sha256: sha256(`${JSON.stringify(ranges)}${means}`) };
}
