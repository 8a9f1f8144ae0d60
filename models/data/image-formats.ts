/**
 * The image formats that are decoded. Pure data: the decoders, the service, its document, the page and the help read it here.
 */

/** Bytes by which a file's format is recognised. */
export interface Signature {
  readonly name: string;
  /** Position of {@link Signature.bytes} in the file. */
  readonly offset: number;
  /** In Latin-1: one character per byte. */
  readonly bytes: string;
}

/** A format that is decoded. */
export interface ImageFormat extends Signature {
  readonly mediaType: `image/${string}`;
  /** In lower case, the usual one first. */
  readonly extensions: readonly string[];
}

export const JPEG = {
  name: 'JPEG',
  offset: 0,
  bytes: '\xff\xd8\xff',
  mediaType: 'image/jpeg',
  extensions: ['.jpg', '.jpeg'],
} as const satisfies ImageFormat;

export const PNG = {
  name: 'PNG',
  offset: 0,
  bytes: '\x89PNG\r\n\x1a\n',
  mediaType: 'image/png',
  extensions: ['.png'],
} as const satisfies ImageFormat;

export const WEBP = {
  name: 'WebP',
  offset: 8,
  bytes: 'WEBP',
  mediaType: 'image/webp',
  extensions: ['.webp'],
} as const satisfies ImageFormat;

/** Whether a file has a signature. */
export const isFormat =
  (file: Buffer) =>
  ({ offset, bytes }: Signature): boolean =>
    file.toString('latin1', offset, offset + bytes.length) === bytes;

/** Every format that is decoded. */
export const IMAGE_FORMATS = [JPEG, PNG, WEBP] as const;

/** Media types, such as `image/jpeg`. */
export const IMAGE_MEDIA_TYPES = IMAGE_FORMATS.map(({ mediaType }) => mediaType);

const inWords = (formats: readonly Signature[]) =>
  [...new Set(formats.map(({ name }) => name))].join(', ').replace(/, (?=[^,]*$)/, ' or ');

/** Names for a sentence: `JPEG, PNG or WebP`. */
export const IMAGE_FORMAT_NAMES = inWords(IMAGE_FORMATS);

/** Formats that files may have, but no request: libvips' loader of each stays blocked in the service. */
export const FILE_ONLY_FORMATS = [
  { name: 'GIF', offset: 0, bytes: 'GIF8', extensions: ['.gif'], loader: 'VipsForeignLoadNsgif' },
  { name: 'TIFF', offset: 0, bytes: 'II*\0', extensions: ['.tif', '.tiff'], loader: 'VipsForeignLoadTiff' },
  { name: 'TIFF', offset: 0, bytes: 'MM\0*', extensions: ['.tif', '.tiff'], loader: 'VipsForeignLoadTiff' },
  { name: 'AVIF', offset: 4, bytes: 'ftypavif', extensions: ['.avif'], loader: 'VipsForeignLoadHeif' },
  { name: 'AVIF', offset: 4, bytes: 'ftypavis', extensions: ['.avif'], loader: 'VipsForeignLoadHeif' },
] as const;

/** Every format that a file for training or `tandem predict` may have. */
const FILE_FORMATS = [...IMAGE_FORMATS, ...FILE_ONLY_FORMATS];

/** Names for a sentence: `JPEG, PNG, WebP, GIF, TIFF or AVIF`. */
export const FILE_FORMAT_NAMES = inWords(FILE_FORMATS);

/** Extensions of image files, in lower case. */
export const FILE_EXTENSIONS: readonly string[] = [
  ...new Set(FILE_FORMATS.flatMap(({ extensions }) => extensions)),
];

/** A file of the ISO base media format says after `ftyp` what it holds. */
const isoMedia = (name: string, brands: readonly string[]): Signature[] =>
  brands.map((brand) => ({ name, offset: 4, bytes: `ftyp${brand}` }));

/** Formats that are not decoded but worth naming in an error. */
export const OTHER_FORMATS: readonly Signature[] = [
  { name: 'GIF', offset: 0, bytes: 'GIF8' },
  { name: 'BMP', offset: 0, bytes: 'BM' },
  { name: 'TIFF', offset: 0, bytes: 'II*\0' },
  { name: 'TIFF', offset: 0, bytes: 'MM\0*' },
  ...isoMedia('AVIF', ['avif', 'avis']),
  ...isoMedia('HEIC', ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx']),
  ...isoMedia('HEIF', ['heif', 'mif1', 'mif2', 'msf1', 'avci']),
  ...isoMedia('Canon raw', ['crx ']),
  // Phones store one beside each photo. `iso`, `3gp` and `3g2` begin isom, iso2, 3gp4 and so on.
  ...isoMedia('a video', ['iso', 'mp41', 'mp42', 'qt  ', 'M4V ', '3gp', '3g2', 'avc1']),
  // Sound, subtitles, JPEG 2000 in a box and whatever else such a file may hold.
  ...isoMedia('a file of another kind', ['']),
  { name: 'PDF', offset: 0, bytes: '%PDF' },
  { name: 'SVG', offset: 0, bytes: '<svg' },
  { name: 'XML', offset: 0, bytes: '<?xml' },
];
