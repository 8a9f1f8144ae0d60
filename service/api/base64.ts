/**
 * Reads base64 as clients write it: with or without padding, with line breaks, URL-safe, or as a `data:` URL.
 */

/** The part of a `data:` URL before its base64. */
const DATA_URL = /^data:[^,]{0,200},/i;
const MOST_PADS = 2;

/** What each ASCII character is in base64. */
const KIND = { digit: 1, space: 2, pad: 3 } as const;
const KINDS = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_')
  KINDS[character.charCodeAt(0)] = KIND.digit;
for (const character of ' \t\n\v\f\r') KINDS[character.charCodeAt(0)] = KIND.space;
KINDS['='.charCodeAt(0)] = KIND.pad;

/** Whether a text is base64; a loop, since a text may be 16 MB of anything, and would be copied to remove its spaces. */
function isBase64(text: string): boolean {
  let digits = 0;
  let pads = 0;
  for (let i = 0; i < text.length; i++) {
    const kind = KINDS[text.charCodeAt(i)];
    if (kind === KIND.digit && pads === 0) digits++;
    else if (kind === KIND.pad) pads++;
    else if (kind !== KIND.space) return false;
  }
  // One digit beyond a group of four holds six bits: less than a byte.
  return pads <= MOST_PADS && digits % 4 !== 1;
}

/** The bytes; undefined when the text is not base64. */
export function readBase64(text: string): Buffer | undefined {
  const digits = text.slice(DATA_URL.exec(text)?.[0].length ?? 0);
  // Skips white space, and reads both alphabets.
  return isBase64(digits) ? Buffer.from(digits, 'base64') : undefined;
}
