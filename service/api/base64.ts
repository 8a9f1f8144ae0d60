/**
 * Reads base64 as clients write it: with or without padding, with line breaks, URL-safe, or as a `data:` URL.
 */

/** The part of a `data:` URL before its base64. */
const DATA_URL = /^data:[^,]{0,200},/i;
const DIGITS = /^[\w+/-]*$/;

/** The bytes; undefined when the text is not base64. */
export function readBase64(text: string): Buffer | undefined {
  const digits = text
    .replace(DATA_URL, '')
    .replace(/\s+/g, '')
    .replace(/={1,2}$/, '');
  // One digit beyond a group of four holds six bits: less than a byte.
  return DIGITS.test(digits) && digits.length % 4 !== 1 ? Buffer.from(digits, 'base64') : undefined;
}
