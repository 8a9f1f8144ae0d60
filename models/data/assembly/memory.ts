/**
 * AssemblyScript: where each part of the memory lies. models/data/fast-jpeg.ts asks for those that it fills or reads.
 */

/** Largest width after libjpeg's scaling, pixels: `MAX_SHRINK` of models/data/resize.ts times the input's width. */
const MAX_WIDTH: usize = 1344;
/** Pixels that a block or a vector may write beyond the width. */
const BEYOND: usize = 64;
/** Bytes of one row of a component. */
export const PLANE_STRIDE: usize = MAX_WIDTH + BEYOND;
/** Rows of a component that are kept: four rows of blocks, twice as many of them if it is sampled twice as finely. */
export const PLANE_ROWS: usize = 64;
/** Bytes of one row of colours. */
export const ROW_STRIDE: usize = 3 * (MAX_WIDTH + BEYOND);
/** Rows of colours that are kept: one of the result is made of at most ten. A power of 2. */
export const ROWS: i32 = 16;

const MAX_FILE_BYTES: usize = 1024 * 1024;
/** What may be read beyond the end. */
const MARGIN: usize = 64;
const OUT_SIDE: usize = 224;
const OUT_VALUES: usize = 3 * OUT_SIDE * OUT_SIDE;
/** Bytes of a table of weights: u32 or two i16 for each of up to ten points of each row or column. */
const TABLE_BYTES: usize = 4 * 10 * OUT_SIDE;

export const FILE: usize = (__heap_base + 15) & ~15;
export const PLANES: usize = FILE + MAX_FILE_BYTES + MARGIN;
export const PLANE_BYTES: usize = PLANE_STRIDE * PLANE_ROWS;
/** One row of a component that is sampled half as finely, in u16, with a copy of the value at each end. */
export const SUMS: usize = PLANES + 3 * PLANE_BYTES + MARGIN;
/** The same row at full width, for either chroma component. */
export const WIDE: usize = SUMS + 2 * PLANE_STRIDE + MARGIN;
export const COLOURS: usize = WIDE + 2 * PLANE_STRIDE + MARGIN;
/** Two rows of colours that one is averaged of. */
export const PAIR: usize = COLOURS + <usize>ROWS * ROW_STRIDE + MARGIN;
/** A row of the result's height and the source's width. */
export const LINE: usize = PAIR + 2 * ROW_STRIDE + MARGIN;
/** The same with copies of its ends. */
export const ENDED: usize = LINE + ROW_STRIDE + MARGIN;
export const ROW_TABLE: usize = ENDED + ROW_STRIDE + MARGIN;
export const ROW_WEIGHTS: usize = ROW_TABLE + TABLE_BYTES;
export const COLUMN_TABLE: usize = ROW_WEIGHTS + TABLE_BYTES;
export const COLUMN_WEIGHTS: usize = COLUMN_TABLE + TABLE_BYTES;
export const BYTES: usize = COLUMN_WEIGHTS + TABLE_BYTES;
export const FLOATS: usize = BYTES + OUT_VALUES + MARGIN;
const END: usize = FLOATS + 4 * OUT_VALUES + MARGIN;

/** Makes room for all of it. */
export function reserve(): void {
  const pages = <i32>((END + 0xffff) >> 16);
  if (pages > memory.size()) memory.grow(pages - memory.size());
}
