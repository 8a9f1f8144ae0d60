/**
 * The accuracy of a saved model at int8, from what its calibration left beside it.
 */
import { wilson95 } from '../../statistics/intervals';
import { readInt8File } from '../engines/onnxruntime/int8-file';
import { readSavedModel } from '../weights/saved-model';

/** A measured accuracy. */
export interface MeasuredAccuracy {
  /** Images that neither trained nor calibrated the model. */
  readonly images: number;
  /** Share of them that the model classified correctly. */
  readonly share: number;
  /** Wilson's 95 % interval of the share. */
  readonly interval95: [number, number];
}

/**
 * The accuracy at int8; undefined if the model, with its present weights, was not calibrated.
 *
 * @throws Error naming the file of the saved model, or of its calibration, that is missing or damaged
 */
export function int8AccuracyOf(modelDir: string): MeasuredAccuracy | undefined {
  const cost = readInt8File(readSavedModel(modelDir))?.cost;
  if (cost === undefined) return undefined;
  const { images, accuracyInt8: share } = cost;
  return { images, share, interval95: wilson95(Math.round(share * images), images) };
}
