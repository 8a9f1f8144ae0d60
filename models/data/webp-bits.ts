/**
 * The bits of lossless WebP, and its codes: numbers of so many bits, and symbols in Huffman codes.
 *
 * @see https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
 */

/** Data that no decoder reads. */
export class DamagedWebp extends Error {}

/** Reads bits, the least significant first. */
export interface BitReader {
  /** @throws DamagedWebp beyond the end @param bits at most 25 */
  read(bits: number): number;
  /** Reads one symbol. @throws DamagedWebp beyond the end */
  symbol(code: HuffmanCode): number;
}

/** Reads the bits of some bytes. */
export function bitReader(bytes: Buffer): BitReader {
  let at = 0;
  const end = 8 * bytes.length;
  // Beyond the end it sees zeros: a symbol may be shorter than what is looked up.
  const next = () => {
    const byte = at >>> 3;
    const [a, b, c, d] = [bytes[byte] ?? 0, bytes[byte + 1] ?? 0, bytes[byte + 2] ?? 0, bytes[byte + 3] ?? 0];
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> (at & 7);
  };
  const skip = (bits: number) => {
    at += bits;
    if (at > end) throw new DamagedWebp();
  };
  return {
    read: (bits) => {
      const value = next() & ((1 << bits) - 1);
      skip(bits);
      return value;
    },
    symbol: (code) => {
      const entry = code[next() & (code.length - 1)]!;
      skip(entry & LENGTH_MASK);
      return entry >>> LENGTH_BITS;
    },
  };
}

/** By the next bits, as many as its longest symbol has: the symbol and its own number of bits. */
export type HuffmanCode = Uint16Array;

const MAX_LENGTH = 15;
const LENGTH_BITS = 4;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;

/** @throws DamagedWebp unless every sequence of bits means a symbol */
function codeOf(lengths: Uint8Array): HuffmanCode {
  const symbols = [...lengths.keys()].filter((symbol) => lengths[symbol]! > 0);
  // A symbol without others takes no bits.
  if (symbols.length === 1) return Uint16Array.of(symbols[0]! << LENGTH_BITS);
  const filled = symbols.reduce((sum, symbol) => sum + (1 << (MAX_LENGTH - lengths[symbol]!)), 0);
  if (filled !== 1 << MAX_LENGTH) throw new DamagedWebp();
  const longest = Math.max(...symbols.map((symbol) => lengths[symbol]!));
  const code = new Uint16Array(1 << longest);
  let next = 0;
  for (let length = 1; length <= longest; length++, next <<= 1)
    for (const symbol of symbols.filter((each) => lengths[each] === length)) {
      for (let at = reversed(next++, length); at < code.length; at += 1 << length)
        code[at] = (symbol << LENGTH_BITS) | length;
    }
  return code;
}

function reversed(value: number, bits: number): number {
  let out = 0;
  for (let bit = 0; bit < bits; bit++) out |= ((value >>> bit) & 1) << (bits - 1 - bit);
  return out;
}

/** Where the lengths of the code for lengths stand. */
const LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/** Symbols above the lengths: they repeat the last length that is not 0, or 0. */
const REPEATS = [
  { bits: 2, least: 3, repeatsLast: true },
  { bits: 3, least: 3, repeatsLast: false },
  { bits: 7, least: 11, repeatsLast: false },
] as const;
const FIRST_LAST = 8;

function readLengths(bits: BitReader, lengths: Uint8Array): void {
  const ofLengths = new Uint8Array(LENGTH_ORDER.length);
  const count = 4 + bits.read(4);
  for (const symbol of LENGTH_ORDER.slice(0, count)) ofLengths[symbol] = bits.read(3);
  const code = codeOf(ofLengths);
  let left = bits.read(1) === 1 ? 2 + bits.read(2 + 2 * bits.read(3)) : lengths.length;
  if (left > lengths.length) throw new DamagedWebp();
  let last = FIRST_LAST;
  for (let at = 0; at < lengths.length && left > 0; left--) {
    const symbol = bits.symbol(code);
    const repeat = REPEATS[symbol - MAX_LENGTH - 1];
    if (repeat === undefined) {
      lengths[at++] = symbol;
      if (symbol > 0) last = symbol;
      continue;
    }
    const until = at + repeat.least + bits.read(repeat.bits);
    if (until > lengths.length) throw new DamagedWebp();
    lengths.fill(repeat.repeatsLast ? last : 0, at, until);
    at = until;
  }
}

/**
 * Reads a code.
 *
 * @param symbols how many it may have
 * @throws DamagedWebp
 */
export function readCode(bits: BitReader, symbols: number): HuffmanCode {
  const lengths = new Uint8Array(symbols);
  if (bits.read(1) === 0) readLengths(bits, lengths);
  else {
    const hasTwo = bits.read(1) === 1;
    // Beyond the symbols, as in the decoder, it has no effect.
    lengths[bits.read(bits.read(1) === 1 ? 8 : 1)] = 1;
    if (hasTwo) lengths[bits.read(8)] = 1;
  }
  return codeOf(lengths);
}
