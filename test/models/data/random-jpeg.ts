/**
 * Writes a baseline JPEG of random coefficients: with samplings, restarts and values that sharp does not write.
 */
import { seededRandom } from '../../../statistics/seeded-random';

/** What to write. */
export interface RandomJpeg {
  readonly width: number;
  readonly height: number;
  /** Blocks of luma for one of chroma, along both directions. */
  readonly across: number;
  readonly down: number;
}

const segment = (marker: number, content: readonly number[]) => [
  ...[0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 0xff],
  ...content,
];
const DC_SYMBOLS = Array.from({ length: 12 }, (_, size) => size);
/** End of block, sixteen zeros, and each number of zeros before each size. */
const AC_SYMBOLS = [
  ...[0x00, 0xf0],
  ...Array.from({ length: 160 }, (_, i) => (Math.floor(i / 10) << 4) | ((i % 10) + 1)),
];
/** All codes of one length. */
const table = (number: number, length: number, symbols: readonly number[]) => [
  number,
  ...Array.from({ length: 16 }, (_, i) => (i === length - 1 ? symbols.length : 0)),
  ...symbols,
];

/** Packs bits, most significant first, with a zero byte after each 0xff. */
function bitWriter() {
  const bytes: number[] = [];
  let [bits, count] = [0, 0];
  const put = (value: number, length: number) => {
    for (let i = length - 1; i >= 0; i--) {
      bits = (bits << 1) | ((value >> i) & 1);
      if (++count < 8) continue;
      bytes.push(bits, ...(bits === 0xff ? [0] : []));
      [bits, count] = [0, 0];
    }
  };
  const end = () => {
    while (count !== 0) put(1, 1);
    return bytes;
  };
  return { put, end };
}

/** The bytes of the file. */
export function randomJpeg({ width, height, across, down }: RandomJpeg): Buffer {
  const random = seededRandom(1, 'coefficients');
  const { put, end } = bitWriter();
  const putValue = (value: number, size: number) => put(value < 0 ? value + (1 << size) - 1 : value, size);
  const sizeOf = (value: number) => 32 - Math.clz32(Math.abs(value));
  const before = [0, 0, 0];
  const putBlock = (component: number) => {
    const first = Math.round(100 * (random.uniform() - 0.5));
    const size = sizeOf(first - before[component]!);
    put(DC_SYMBOLS.indexOf(size), 4);
    putValue(first - before[component]!, size);
    before[component] = first;
    for (let at = 1; random.uniform() < 0.7; at++) {
      const zeros = Math.floor(6 * random.uniform());
      const value = Math.round(30 * (random.uniform() - 0.5)) || 1;
      at += zeros;
      if (at > 62) break;
      put(AC_SYMBOLS.indexOf((zeros << 4) | sizeOf(value)), 8);
      putValue(value, sizeOf(value));
    }
    put(AC_SYMBOLS.indexOf(0), 8);
  };
  const units = Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down));
  for (let unit = 0; unit < units; unit++) {
    for (let i = 0; i < across * down; i++) putBlock(0);
    putBlock(1);
    putBlock(2);
  }
  return Buffer.from([
    ...[0xff, 0xd8],
    ...segment(0xdb, [0, ...Array.from({ length: 64 }, (_, i) => 8 + (i >> 2))]),
    ...segment(0xc0, [
      ...[8, height >> 8, height & 0xff, width >> 8, width & 0xff, 3],
      ...[1, (across << 4) | down, 0, 2, 0x11, 0, 3, 0x11, 0],
    ]),
    ...segment(0xc4, [...table(0x00, 4, DC_SYMBOLS), ...table(0x10, 8, AC_SYMBOLS)]),
    ...segment(0xda, [3, 1, 0, 2, 0, 3, 0, 0, 63, 0]),
    ...end(),
    ...[0xff, 0xd9],
  ]);
}
