/**
 * Finds duplicate images in a set.
 */

/** Number of pairs that a message names; it counts the others. */
const NAMED_PAIRS = 10;

export interface HashedImage {
  readonly path: string;
  readonly label: number;
  readonly split: string;
  /** SHA-256 of the file's bytes. */
  readonly sha256: string;
  /** SHA-256 of the decoded pixels, equal for images that a network cannot tell apart. */
  readonly pixelsSha256: string;
}

type Pair = readonly [HashedImage, HashedImage];

/** Pairs of images with the same pixels, by kind of fault. */
export interface Duplicates {
  /** In two splits: training images would be measured. */
  readonly acrossSplits: readonly Pair[];
  /** In one split, in two classes. */
  readonly acrossClasses: readonly Pair[];
  /** In one split, in one class. */
  readonly plain: readonly Pair[];
}

/** Compares all images by their pixels. */
export function findDuplicates(images: readonly HashedImage[]): Duplicates {
  const groups = new Map<string, HashedImage[]>();
  const found = { acrossSplits: [] as Pair[], acrossClasses: [] as Pair[], plain: [] as Pair[] };
  for (const image of images) {
    const group = groups.get(image.pixelsSha256) ?? [];
    groups.set(image.pixelsSha256, group);
    for (const other of group) {
      const kind =
        other.split !== image.split
          ? 'acrossSplits'
          : other.label !== image.label
            ? 'acrossClasses'
            : 'plain';
      found[kind].push([other, image]);
    }
    group.push(image);
  }
  return found;
}

function namePair([a, b]: Pair): string {
  const same = a.sha256 === b.sha256 ? 'same bytes' : 'same pixels';
  return `${a.path} = ${b.path} (${same}${a.label === b.label ? '' : ', two classes'})`;
}

/** Says how many pairs there are and names the first ten: `2 pairs: a = b (same bytes), c = d (same pixels)`. */
export function namePairs(pairs: readonly Pair[]): string {
  const named = pairs.slice(0, NAMED_PAIRS).map(namePair);
  const more = pairs.length > NAMED_PAIRS ? [`and ${pairs.length - NAMED_PAIRS} more`] : [];
  return `${pairs.length} ${pairs.length === 1 ? 'pair' : 'pairs'}: ${[...named, ...more].join(', ')}`;
}
