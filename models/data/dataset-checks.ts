/**
 * What is wrong with the images of a set: a class that is too small for its splits, and duplicates.
 */
import { findDuplicates, type HashedImage, nameGroups } from './duplicates';
import { FILE_FORMAT_NAMES } from './image-formats';
import type { SplitName } from './split-folders';

/** Empty folders that a message names. */
const NAMED_FOLDERS = 5;

/**
 * Refuses empty class folders before the images are read, which may take minutes.
 *
 * @param splits those that are folders; none if the set has no split folders
 * @throws Error naming the folders
 */
export function checkNotEmpty(
  files: readonly { readonly split: SplitName | undefined; readonly label: number }[],
  { classes, splits }: { readonly classes: readonly string[]; readonly splits: readonly SplitName[] },
  folder: string,
): void {
  const found = new Set(files.map(({ split, label }) => `${split}/${label}`));
  const empty = (splits.length === 0 ? [undefined] : splits).flatMap((split) =>
    classes
      .filter((_, label) => !found.has(`${split}/${label}`))
      .map((name) => (split === undefined ? name : `${name} of ${split}`)),
  );
  if (empty.length === 0) return;
  const more = empty.length > NAMED_FOLDERS ? ` and ${empty.length - NAMED_FOLDERS} more` : '';
  throw new Error(
    `every class folder of ${folder} must hold images, received no file in ${empty.slice(0, NAMED_FOLDERS).join(', ')}${more}: ` +
      'add some, or remove the class',
  );
}

/** How many images a class has for its splits: copies count once, and one that is in two classes too. */
function usableOf(images: readonly HashedImage[], label: number): string {
  const pixels = (own: boolean) =>
    new Set(images.filter((image) => (image.label === label) === own).map((image) => image.pixelsSha256));
  const [usable, others] = [pixels(true), pixels(false)];
  const shared = [...usable].filter((each) => others.has(each)).length;
  return `${usable.size} different ones in all that can be decoded${shared === 0 ? '' : `, ${shared} of them in another class too`}`;
}

/** @throws Error naming a class that has no image, or none in a split, and how many it has in all */
export function checkClasses(
  images: readonly HashedImage[],
  { classes, splits }: { readonly classes: readonly string[]; readonly splits: readonly SplitName[] },
  folder: string,
): void {
  const empty = classes.filter((_, label) => images.every((image) => image.label !== label));
  if (empty.length > 0) {
    throw new Error(
      `every class of ${folder} must have images, and no image in ${empty.join(', ')} can be decoded: ` +
        `add some in ${FILE_FORMAT_NAMES}, or remove the class`,
    );
  }
  const found = new Set(images.map(({ split, label }) => `${split}/${label}`));
  for (const split of splits) {
    for (const [label, name] of classes.entries()) {
      if (found.has(`${split}/${label}`)) continue;
      throw new Error(
        `every class of ${folder} must have an image in every split, received none of ${name} in ${split} ` +
          `(${usableOf(images, label)}); add images of it, or remove the class`,
      );
    }
  }
}

/** @throws Error naming the groups, unless leakage is allowed */
export function checkDuplicates(
  images: readonly HashedImage[],
  allowLeakage: boolean,
): { readonly leakage: boolean; readonly warnings: readonly string[] } {
  const { acrossSplits, acrossClasses, plain } = findDuplicates(images);
  const warnings: string[] = [];
  if (acrossSplits.length > 0) {
    const leakage = `images of one split must not be in another, received ${nameGroups(acrossSplits)}`;
    if (!allowLeakage)
      throw new Error(`${leakage}; keep one image of each group, or go on with --allow-leakage`);
    warnings.push(`${leakage}; measured accuracy may be too high`);
  }
  if (acrossClasses.length > 0) {
    warnings.push(`the same images have two labels, one of them wrong: ${nameGroups(acrossClasses)}`);
  }
  if (plain.length > 0) warnings.push(`the same images are there more than once: ${nameGroups(plain)}`);
  return { leakage: acrossSplits.length > 0, warnings };
}
