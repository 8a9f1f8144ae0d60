/**
 * Why a saved model is served at fp32 where nobody chose its precision. Pure functions.
 */
import { shellWord } from '../files/shell-word';
import type { Int8Cost } from '../models/engines/onnxruntime/int8-file';
import { GATE } from '../models/evaluation/precision-gate';

/**
 * Measures what int8 costs a saved model, and makes it the default if the gate lets it.
 *
 * @param data folder of labelled images
 */
export const calibrateCommand = (folder: string, data: string): string =>
  `npx tandem export ${shellWord(folder)} --precision int8 --calibrate ${shellWord(data)}`;

/**
 * The reason in a sentence, with the command that may change it; undefined if int8 is the default.
 *
 * @param folder of the saved model
 * @param cost what a calibration measured; undefined if there was none
 * @param fastInt8 whether int8 is fast on the CPU
 */
export function fp32Reason(
  folder: string,
  cost: Pick<Int8Cost, 'verdict' | 'images'> | undefined,
  fastInt8: boolean,
): string | undefined {
  if (!fastInt8) return 'at fp32, since this CPU is slow at int8';
  const command = calibrateCommand(folder, 'IMAGES');
  if (cost === undefined)
    return `at fp32, since what int8 costs its accuracy was not measured; to measure it: ${command}`;
  switch (cost.verdict) {
    case 'passed':
      return undefined;
    case 'failed':
      return 'at fp32, since int8 costs it too much accuracy (docs/serving.md#precision)';
    case 'too few images':
      return `at fp32, since ${cost.images} images are too few to tell what int8 costs; with ${GATE.minImages} or more that did not train it: ${command}`;
  }
}
