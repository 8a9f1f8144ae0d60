/**
 * Finds duplicate images in a set.
 */

/** Number of groups that a message names, and of images that it names in each; it counts the others. */
const NAMED_GROUPS = 10;
const NAMED_IMAGES = 4;

export interface HashedImage {
  readonly path: string;
  readonly label: number;
  readonly split: string;
  /** SHA-256 of the file's bytes. */
  readonly sha256: string;
  /** SHA-256 of the decoded pixels, equal for images that a network cannot tell apart. */
  readonly pixelsSha256: string;
}

/** At least two images with the same pixels. */
type Group = readonly HashedImage[];

/** Groups of images with the same pixels, by kind of fault; each group is in one kind. */
export interface Duplicates {
  /** In two splits: training images would be measured. */
  readonly acrossSplits: readonly Group[];
  /** In one split, in two classes. */
  readonly acrossClasses: readonly Group[];
  /** In one split, in one class. */
  readonly plain: readonly Group[];
}

/** Items by a key, in their order. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Compares all images by their pixels; its time is proportional to their number. */
export function findDuplicates(images: readonly HashedImage[]): Duplicates {
  const found = { acrossSplits: [] as Group[], acrossClasses: [] as Group[], plain: [] as Group[] };
  for (const group of groupBy(images, ({ pixelsSha256 }) => pixelsSha256).values()) {
    if (group.length < 2) continue;
    const [first] = group;
    if (group.some(({ split }) => split !== first!.split)) found.acrossSplits.push(group);
    else if (group.some(({ label }) => label !== first!.label)) found.acrossClasses.push(group);
    else found.plain.push(group);
  }
  return found;
}

/** `a = b (same bytes)`; of a large group, an image of each split and class comes first. */
function nameGroup(group: Group): string {
  const places = groupBy(group, ({ split, label }) => `${split}/${label}`);
  const firsts = new Set([...places.values()].map(([first]) => first!));
  const inOrder = [...firsts, ...group.filter((image) => !firsts.has(image))];
  const named = inOrder.slice(0, NAMED_IMAGES).map(({ path }) => path);
  const more = group.length > NAMED_IMAGES ? ` and ${group.length - NAMED_IMAGES} more` : '';
  const same = new Set(group.map(({ sha256 }) => sha256)).size === 1 ? 'same bytes' : 'same pixels';
  const classes = new Set(group.map(({ label }) => label)).size;
  return `${named.join(' = ')}${more} (${same}${classes === 1 ? '' : `, ${classes} classes`})`;
}

/** Says how many groups there are and names the first ten: `2 groups: a = b (same bytes), c = d (same pixels)`. */
export function nameGroups(groups: readonly Group[]): string {
  const named = groups.slice(0, NAMED_GROUPS).map(nameGroup);
  const more = groups.length > NAMED_GROUPS ? [`and ${groups.length - NAMED_GROUPS} more`] : [];
  return `${groups.length} ${groups.length === 1 ? 'group' : 'groups'}: ${[...named, ...more].join(', ')}`;
}
