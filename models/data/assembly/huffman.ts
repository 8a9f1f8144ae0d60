/**
 * AssemblyScript: reads the Huffman codes of a baseline JPEG.
 *
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf annex F.2
 */

/** Bits that one look into a table decodes; longer codes are rare. */
const LOOK: i32 = 9;
/** Of each table: `length << 8 | symbol` for each `LOOK` bits, or 0 for a longer code. */
const LOOKUP_BYTES: usize = 2 << LOOK;
/** Then, for each length, the code after its last one, as the upper bits of 16. */
const LIMITS_AT: usize = LOOKUP_BYTES;
/** And what to add to a code for the place of its symbol. */
const OFFSETS_AT: usize = LIMITS_AT + 4 * 17;
const SYMBOLS_AT: usize = OFFSETS_AT + 4 * 17;
const TABLE_BYTES: usize = SYMBOLS_AT + 256;
const TABLES: usize = memory.data(6144, 16);

/** Where each coefficient stands in its block, bytes of i16. */
const NATURAL: usize = memory.data<u8>([
  0, 2, 16, 32, 18, 4, 6, 20, 34, 48, 64, 50, 36, 22, 8, 10, 24, 38, 52, 66, 80, 96, 82, 68, 54, 40, 26, 12,
  14, 28, 42, 56, 70, 84, 98, 112, 114, 100, 86, 72, 58, 44, 30, 46, 60, 74, 88, 102, 116, 118, 104, 90, 76,
  62, 78, 92, 106, 120, 122, 108, 94, 110, 124, 126,
]);

/** What decodeBlock returns for a block that is not as the standard says. */
export const WRONG: i32 = i32.MIN_VALUE;

/** The next byte of the file. */
let at: usize = 0;
/** Bits that were read but not used, the next one at the top. */
let buffer: u64 = 0;
/** How many of them there are. */
let count: i32 = 0;
/** How many of them stand for data after the end. */
let missing: i32 = 0;
/** The last coefficient of the block that is not 0. */
export let last: i32 = 0;

/** The table of a number from 0 to 3. */
export function tableOf(number: i32): usize {
  return TABLES + <usize>number * TABLE_BYTES;
}

/** Makes a table of the 16 counts and the symbols at `source`; false if it has more codes than there can be. */
export function makeTable(number: i32, source: usize): bool {
  const table = tableOf(number);
  memory.fill(table, 0, LOOKUP_BYTES);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= 16; length++) {
    const codes = <i32>load<u8>(source + length - 1);
    // No code may be all ones.
    if ((codes > 0 && code + codes >= 1 << length) || place + codes > 256) return false;
    store<i32>(table + OFFSETS_AT + 4 * length, place - code);
    for (let i = 0; i < codes; i++, code++, place++) {
      const symbol = load<u8>(source + 16 + place);
      // As libjpeg: a DC symbol is a number of bits, also one that no block uses.
      if (number < 2 && symbol > 15) return false;
      store<u8>(table + SYMBOLS_AT + place, symbol);
      if (length > LOOK) continue;
      const entry = <u16>((length << 8) | (<i32>symbol));
      const first = code << (LOOK - length);
      for (let k = first; k < first + (1 << (LOOK - length)); k++) store<u16>(table + 2 * k, entry);
    }
    store<i32>(table + LIMITS_AT + 4 * length, code << (16 - length));
    code <<= 1;
  }
  return true;
}

/** Starts to read at the first byte of a scan. */
export function startBits(from: usize): void {
  at = from;
  buffer = 0;
  count = 0;
  missing = 0;
}

/** Whether all data was used, and nothing else, before the marker at the end. */
export function isComplete(end: usize): bool {
  const unused = count - missing;
  return unused >= 0 && unused < 8 && at + 2 <= end && load<u8>(at) == 0xff && load<u8>(at + 1) == 0xd9;
}

/** Fills the buffer byte by byte, because one of the next bytes is 0xff: a stuffed one or a marker. */
function fillByBytes(): void {
  while (count <= 56) {
    let byte = <u64>load<u8>(at);
    if (byte != 0xff) at += 1;
    else if (load<u8>(at + 1) == 0) at += 2;
    else {
      byte = 0;
      missing += 8;
    }
    buffer |= byte << (56 - count);
    count += 8;
  }
}

/** Makes sure of 32 bits: enough for a code and its value. */
function fill(): void {
  const next = load<u32>(at);
  // Whether any of the four bytes is 0xff.
  const inverse = ~next;
  if (((inverse - 0x01010101) & ~inverse & 0x80808080) != 0) fillByBytes();
  else {
    buffer |= (<u64>bswap<u32>(next)) << (32 - count);
    count += 32;
    at += 4;
  }
}

/** A code that is longer than LOOK: `length << 8 | symbol`; 0 if there is no such code. */
function longCode(table: usize): i32 {
  const bits = <i32>(buffer >> 48);
  for (let length = LOOK + 1; length <= 16; length++) {
    if (bits >= load<i32>(table + LIMITS_AT + 4 * length)) continue;
    const place = (bits >> (16 - length)) + load<i32>(table + OFFSETS_AT + 4 * length);
    return (length << 8) | (<i32>load<u8>(table + SYMBOLS_AT + place));
  }
  return 0;
}

/** The value of `size` bits, of which half are negative. */
function valueOf(bits: i32, size: i32): i32 {
  return bits + (((bits - (1 << (size - 1))) >> 31) & ((-1 << size) + 1));
}

/**
 * Reads a block and multiplies it by its quantization steps.
 *
 * @param before the first coefficient of the block before
 * @param steps 64 of i16, in the order of the file
 * @param block 64 of i16, all 0
 * @returns the first coefficient before the multiplication, or WRONG
 */
export function decodeBlock(dc: usize, ac: usize, before: i32, steps: usize, block: usize): i32 {
  if (count < 32) fill();
  let code = <i32>load<u16>(dc + ((<usize>(buffer >> (64 - LOOK))) << 1));
  if (code == 0) code = longCode(dc);
  const dcSize = code & 0xff;
  if (code == 0 || dcSize > 11) return WRONG;
  buffer <<= code >> 8;
  count -= code >> 8;
  if (dcSize != 0) {
    before += valueOf(<i32>(buffer >> (64 - dcSize)), dcSize);
    buffer <<= dcSize;
    count -= dcSize;
  }
  const first = before * <i32>load<i16>(steps);
  // Far beyond what an encoder makes, libjpeg's SIMD overflows: let sharp have such files.
  if (first < -8192 || first > 8191) return WRONG;
  store<i16>(block, <i16>first);
  last = 0;
  let unused = buffer;
  let unusedCount = count;
  for (let k = 1; k < 64; k++) {
    if (unusedCount < 32) {
      buffer = unused;
      count = unusedCount;
      fill();
      unused = buffer;
      unusedCount = count;
    }
    code = <i32>load<u16>(ac + ((<usize>(unused >> (64 - LOOK))) << 1));
    if (code == 0) {
      buffer = unused;
      code = longCode(ac);
      if (code == 0) return WRONG;
    }
    const size = code & 15;
    const zeros = (code >> 4) & 15;
    unused <<= code >> 8;
    unusedCount -= code >> 8;
    if (size != 0) {
      k += zeros;
      if (k > 63) return WRONG;
      const value = valueOf(<i32>(unused >> (64 - size)), size);
      unused <<= size;
      unusedCount -= size;
      store<i16>(block + load<u8>(NATURAL + k), <i16>(value * <i32>load<i16>(steps + (k << 1))));
      last = k;
    } else if (zeros == 15) k += 15;
    else break;
  }
  buffer = unused;
  count = unusedCount;
  return before;
}
