import type { Transform } from '../../models/data/augmentation';

/** The transform that leaves an image as it is. */
export const IDENTITY: Transform = {
  rotationDegrees: 0,
  tx: 0,
  ty: 0,
  shearDegrees: 0,
  zx: 1,
  zy: 1,
  flipHorizontal: false,
  flipVertical: false,
  channelShift: 0,
  brightness: 1,
};
