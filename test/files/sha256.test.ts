import { sha256 } from '../../files/sha256';

// FIPS 180-2, appendix B.1.
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

test('a checksum of a text is that of its bytes in UTF-8', () => {
  expect(sha256('abc')).toBe(ABC);
  expect(sha256(Buffer.from('abc'))).toBe(ABC);
  expect(sha256('ü')).toBe(sha256(Uint8Array.of(0xc3, 0xbc)));
});
