import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checksumOfFile, sha256 } from '../../files/sha256';

// FIPS 180-2, appendix B.1.
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

test('a checksum of a text is that of its bytes in UTF-8', () => {
  expect(sha256('abc')).toBe(ABC);
  expect(sha256(Buffer.from('abc'))).toBe(ABC);
  expect(sha256('ü')).toBe(sha256(Uint8Array.of(0xc3, 0xbc)));
});

test.each(['sha256', 'blake2b512'] as const)('the %s of a file is that of all its bytes', (algorithm) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-sum-'));
  const bytes = Buffer.alloc(2_500_000, 'several chunks and a part of one');
  writeFileSync(join(folder, 'file'), bytes);

  expect(checksumOfFile(join(folder, 'file'), algorithm)).toBe(
    createHash(algorithm).update(bytes).digest('hex'),
  );
  rmSync(folder, { recursive: true });
});
