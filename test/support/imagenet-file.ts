/** Where tests look for MobileNetV2's real ImageNet weights without top, which the project does not have. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { imagenetFile } from '../../models/weights/imagenet-weights';

const BESIDE = join(__dirname, '..', '..', '..', 'shared', 'weights', 'mobilenet_v2_imagenet_notop.h5');

/** The file that IMAGENET_H5 names, else the one in the cache, else one beside the checkout; it may be missing. */
export const IMAGENET_H5 =
  process.env['IMAGENET_H5'] ?? [imagenetFile('mobilenetv2'), BESIDE].find(existsSync) ?? BESIDE;
