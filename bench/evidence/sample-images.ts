/** The images of every experiment: the demo's samples, whose file names are their classes. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import { PACKAGE_ROOT } from '../../files/package-root';
import type { Image } from '../load/generator';

const FOLDER = join(PACKAGE_ROOT, 'models/demo/samples');

/** Their files, with the class that an answer must name first. */
export const sampleImages = (): Image[] =>
  readdirSync(FOLDER)
    // The numbered ones are those that a model gets wrong.
    .filter((name) => !/\.\d+\.jpg$/.test(name))
    .sort()
    .map((name) => ({ file: join(FOLDER, name), expectedClass: basename(name, '.jpg') }));
