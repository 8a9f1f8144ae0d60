/**
 * AssemblyScript: decodes a baseline JPEG row by row. models/data/plain-jpeg.ts reads its headers. Only the rows that are
 * needed at a time are kept.
 */
import { interpolate, writeColours } from './colours';
import { decodeBlock, isComplete, last, makeTable, startBits, tableOf, WRONG } from './huffman';
import { writeFlat, writeHalf, writeWhole } from './idct';
import { FILE, PLANE_BYTES, PLANE_ROWS, PLANE_STRIDE, PLANES, WIDE } from './memory';

/** Coefficients of one block. */
const BLOCK: usize = memory.data(128, 16);
/** Quantization steps of each component, i16 in the order of the file. */
const STEPS: usize = memory.data(384, 16);
/** Number of the table of the first and of the other coefficients of each component. */
const TABLES: usize = memory.data(6);
/** First coefficient of the last block of each component, i32. */
const BEFORE: usize = memory.data(12, 4);

/** Size of the image after scaling, pixels, as libjpeg rounds it: up. */
let width: i32 = 0;
let height: i32 = 0;
/** As libvips rounds it: down. */
let shownWidth: i32 = 0;
let shownHeight: i32 = 0;
/** Blocks of luma for one of chroma, along both directions. */
let across: i32 = 1;
let down: i32 = 1;
/** Sides of a block of luma and of chroma after scaling. */
let lumaSide: i32 = 8;
let chromaSide: i32 = 8;
/** Rows of blocks of chroma that are decoded, and how many there are. */
let decoded: i32 = 0;
let total: i32 = 0;
/** Blocks of chroma in each row. */
let blocks: i32 = 0;

/** Makes one of four Huffman tables from the file's bytes at `offset`; false if it is damaged. */
export function setTable(number: i32, offset: i32): bool {
  return makeTable(number, FILE + offset);
}

/** Says which tables a component uses: the file's quantization steps at `offset`, and numbers of Huffman tables. */
export function setComponent(component: i32, offset: i32, dc: i32, ac: i32): void {
  const steps = STEPS + 128 * component;
  for (let i = 0; i < 64; i++) store<i16>(steps + 2 * i, <i16>load<u8>(FILE + offset + i));
  store<u8>(TABLES + 2 * component, <u8>dc);
  store<u8>(TABLES + 2 * component + 1, <u8>ac);
}

/**
 * Starts an image.
 *
 * @param fullWidth as the file says
 * @param scan where the compressed data begins in the file
 * @param isHalf whether to decode at half the size
 */
export function startImage(
  fullWidth: i32,
  fullHeight: i32,
  horizontal: i32,
  vertical: i32,
  scan: i32,
  isHalf: bool,
): void {
  across = horizontal;
  down = vertical;
  width = isHalf ? (fullWidth + 1) >> 1 : fullWidth;
  height = isHalf ? (fullHeight + 1) >> 1 : fullHeight;
  shownWidth = isHalf ? fullWidth >> 1 : fullWidth;
  shownHeight = isHalf ? fullHeight >> 1 : fullHeight;
  lumaSide = isHalf ? 4 : 8;
  // At half the size, chroma that is sampled half as finely has the right size already.
  chromaSide = isHalf && (across == 1 || down == 1) ? 4 : 8;
  blocks = (fullWidth + 8 * across - 1) / (8 * across);
  total = (fullHeight + 8 * down - 1) / (8 * down);
  decoded = 0;
  memory.fill(BEFORE, 0, 12);
  memory.fill(BLOCK, 0, 128);
  startBits(FILE + scan);
}

/** Decodes one block of a component to the place of its row and column in blocks; false if it is damaged. */
function decodeOne(component: i32, row: i32, column: i32, side: i32): bool {
  const dc = tableOf(load<u8>(TABLES + 2 * component));
  const ac = tableOf(2 + load<u8>(TABLES + 2 * component + 1));
  const before = decodeBlock(dc, ac, load<i32>(BEFORE + 4 * component), STEPS + 128 * component, BLOCK);
  if (before == WRONG) return false;
  store<i32>(BEFORE + 4 * component, before);
  const out = rowAt(component, row * side) + column * side;
  if (last == 0) {
    writeFlat(load<i16>(BLOCK), out, side, PLANE_STRIDE);
    store<i16>(BLOCK, 0);
    return true;
  }
  if (side == 8) writeWhole(BLOCK, out, PLANE_STRIDE);
  else writeHalf(BLOCK, out, PLANE_STRIDE);
  clearBlock();
  return true;
}

/** Faster than memory.fill, which calls a function of the host. */
function clearBlock(): void {
  const zero = i64x2.splat(0);
  v128.store(BLOCK, zero);
  v128.store(BLOCK, zero, 16);
  v128.store(BLOCK, zero, 32);
  v128.store(BLOCK, zero, 48);
  v128.store(BLOCK, zero, 64);
  v128.store(BLOCK, zero, 80);
  v128.store(BLOCK, zero, 96);
  v128.store(BLOCK, zero, 112);
}

/** Where a row of a component is kept. */
function rowAt(component: i32, row: i32): usize {
  return PLANES + <usize>component * PLANE_BYTES + ((<usize>row) & (PLANE_ROWS - 1)) * PLANE_STRIDE;
}

/** Decodes the next row of blocks of chroma, with the luma that belongs to it; false if it is damaged. */
function decodeRow(): bool {
  for (let column = 0; column < blocks; column++) {
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        if (!decodeOne(0, decoded * down + y, column * across + x, lumaSide)) return false;
      }
    }
    if (!decodeOne(1, decoded, column, chromaSide)) return false;
    if (!decodeOne(2, decoded, column, chromaSide)) return false;
  }
  decoded += 1;
  return true;
}

/** Where the row of a chroma component for a row of the image is; writes it first if it must be interpolated. */
function chromaAt(component: i32, row: i32): usize {
  if (across == 1 || chromaSide > lumaSide) return rowAt(component, row);
  const isHalfHeight = down == 2;
  const near = isHalfHeight ? row >> 1 : row;
  const far = isHalfHeight ? min(max(0, near + ((row & 1) << 1) - 1), ((height + 1) >> 1) - 1) : near;
  const out = WIDE + <usize>(component - 1) * PLANE_STRIDE;
  interpolate(rowAt(component, near), rowAt(component, far), (width + 1) >> 1, isHalfHeight, out);
  return out;
}

/** Writes a row of the image, RGB, up to 8 pixels more; false if it is damaged. Rows are asked for in order. */
export function writeRow(row: i32, out: usize): bool {
  // The last row of a block of chroma is interpolated with the first one of the next.
  const side = lumaSide * down;
  const needed = min(total, (row + 1) / side + 1);
  while (decoded < needed) {
    if (!decodeRow()) return false;
  }
  writeColours(rowAt(0, row), chromaAt(1, row), chromaAt(2, row), width, out);
  return true;
}

/** Decodes the rest; whether the whole image was sound. */
export function endImage(end: i32): bool {
  while (decoded < total) {
    if (!decodeRow()) return false;
  }
  return isComplete(FILE + end);
}

/** Width after scaling, pixels. */
export function imageWidth(): i32 {
  return shownWidth;
}

/** Height after scaling, pixels. */
export function imageHeight(): i32 {
  return shownHeight;
}
