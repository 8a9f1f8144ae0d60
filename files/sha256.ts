/**
 * SHA-256 checksums in hexadecimal digits.
 */
import { createHash } from 'node:crypto';

/** Checksum of some bytes, or of a text in UTF-8. */
export const sha256 = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex');
