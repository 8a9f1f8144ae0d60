/**
 * Numbers as short text: the upper half of each float32, which is a bfloat16 of two to three digits, in base64.
 */

/** Text of some numbers, each rounded to the nearest bfloat16. */
export function numbersToText(values: Float32Array): string {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = Uint16Array.from(bits, (word) => (word + 0x8000) >>> 16);
  return Buffer.from(halves.buffer).toString('base64');
}

/** The numbers of a text. */
export function textToNumbers(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  const bits = Uint32Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readUInt16LE(2 * i) << 16);
  return new Float32Array(bits.buffer);
}
