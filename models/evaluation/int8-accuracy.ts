/**
 * The accuracy of a model at int8, from what its calibration measured.
 */
import { wilson95 } from '../../statistics/intervals';
import type { Int8Cost } from '../engines/onnxruntime/int8-file';

/** A measured accuracy. */
export interface MeasuredAccuracy {
  /** Images that neither trained nor calibrated the model. */
  readonly images: number;
  /** Share of them that the model classified correctly. */
  readonly share: number;
  /** Wilson's 95 % interval of the share. */
  readonly interval95: [number, number];
}

/** The accuracy at int8 that a calibration measured. */
export const int8Accuracy = ({ images, accuracyInt8: share }: Int8Cost): MeasuredAccuracy => ({
  images,
  share,
  interval95: wilson95(Math.round(share * images), images),
});
