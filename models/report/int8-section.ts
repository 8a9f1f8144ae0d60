/**
 * What a model card says about int8.
 */
import { percent, points } from '../../charts/percent';
import type { Calibration, Int8Cost, Verdict } from '../engines/onnxruntime/int8-file';
import { GATE, GATE_TEXT } from '../evaluation/precision-gate';

const TITLE = '## Precision';

const CONSEQUENCES: Readonly<Record<Verdict, string>> = {
  passed: 'It passed, so the service runs this model at int8 unless `PRECISION` says otherwise.',
  failed: 'It failed, so the service runs this model at fp32 unless `PRECISION` says otherwise.',
  'too few images': `It cannot judge fewer than ${GATE.minImages} images, so the service runs this model at fp32 unless \`PRECISION\` says otherwise.`,
};

/** What int8 costs, in one sentence without its subject. */
export function describeCost({
  images,
  accuracyFp32,
  accuracyInt8,
  differenceInterval95,
  sameTop1,
}: Int8Cost): string {
  return `accuracy ${percent(accuracyInt8)} at int8 and ${percent(accuracyFp32)} at fp32 (difference ${points(accuracyInt8 - accuracyFp32)} points, 95 % interval ${differenceInterval95.map(points).join(' to ')}), the same top class for ${percent(sameTop1)} of ${images} images`;
}

/** The section on precision, which ends without a line break. */
export function int8Section({
  method,
  images,
  inputMeans,
  cost,
}: Omit<Calibration, 'ranges'> & { readonly cost: Int8Cost }): string {
  return `${TITLE}

The figures of this card are measured at fp32. At int8 (kernels and activations as 8-bit integers, ranges of the activations by ${method} on ${images} calibration images${inputMeans === undefined ? '' : ', biases corrected for the rounding of kernels'}), **measured**: ${describeCost(cost)}.

The gate asks for ${GATE_TEXT}. ${CONSEQUENCES[cost.verdict]}`;
}

/** A card with the section on precision, in place of an older one or at its end. */
export function withInt8Section(card: string, section: string): string {
  const start = card.indexOf(`${TITLE}\n`);
  if (start < 0) return `${card.trimEnd()}\n\n${section}\n`;
  const end = card.indexOf('\n## ', start + TITLE.length);
  const rest = end < 0 ? '' : card.slice(end);
  return `${card.slice(0, start)}${section}\n${rest}`;
}
