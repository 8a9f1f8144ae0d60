/**
 * The sample images of a folder. A file's name is its class; further samples of a class have a number: `weave.2.jpg`.
 */
import { existsSync, readdirSync } from 'node:fs';

const isFurther = (name: string) => /\.\d+\.jpg$/.test(name);

/** File names of the samples, the first of each class before the further ones; none if the folder is missing. */
export const sampleNames = (samplesDir: string): string[] =>
  existsSync(samplesDir)
    ? readdirSync(samplesDir)
        .filter((file) => file.endsWith('.jpg'))
        .sort()
        .sort((a, b) => Number(isFurther(a)) - Number(isFurther(b)))
    : [];
