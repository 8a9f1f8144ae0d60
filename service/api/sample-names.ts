/**
 * The sample images of a folder. A file's name is its class; further samples of a class have a number: `weave.2.jpg`.
 */
import { type Dirent, readdirSync } from 'node:fs';

const isFurther = (name: string) => /\.\d+\.jpg$/.test(name);

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/**
 * File names of the samples, the first of each class before the further ones; none if the folder cannot be read. Hidden
 * files are none: a Mac adds a `._weave.jpg`, which is no image, to each `weave.jpg` of an archive.
 */
export const sampleNames = (samplesDir: string): string[] =>
  entriesOf(samplesDir)
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => name.endsWith('.jpg') && !name.startsWith('.'))
    .sort()
    .sort((a, b) => Number(isFurther(a)) - Number(isFurther(b)));
