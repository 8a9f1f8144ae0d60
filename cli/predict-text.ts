/**
 * What `tandem predict` prints per file. Pure functions.
 */
import { percent } from '../charts/percent';
import type { FilePrediction } from '../models/evaluation/predict';

/** A field of CSV as RFC 4180 has it. */
const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const row = (fields: readonly string[]) => fields.map(field).join(',');

/** Digits of a float32. */
const DIGITS = 7;

/** The first line of CSV: the file, its `top` classes with their probabilities, and why it has none. */
export const csvHeader = (top: number): string =>
  row([
    'file',
    ...Array.from({ length: top }, (_, i) => [`class_${i + 1}`, `probability_${i + 1}`]).flat(),
    'error',
  ]);

/** The line of CSV of a file. */
export function csvLine(prediction: FilePrediction, top: number): string {
  if ('error' in prediction)
    return row([prediction.file, ...Array<string>(2 * top).fill(''), prediction.error]);
  const classes = prediction.top.flatMap(({ class: name, probability }) => [
    name,
    String(Number(probability.toPrecision(DIGITS))),
  ]);
  return row([prediction.file, ...classes, '']);
}

/** The line of a file for reading: `a.jpg: cat 97.1 %, dog 2.9 %`. */
export const textLine = (prediction: FilePrediction): string =>
  'error' in prediction
    ? `${prediction.file}: ${prediction.error}`
    : `${prediction.file}: ${prediction.top.map(({ class: name, probability }) => `${name} ${percent(probability)}`).join(', ')}`;
