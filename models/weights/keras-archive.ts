/**
 * Reads the weights in a `.keras` file: a zip archive that holds an HDF5 file.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 * @see keras/src/saving/saving_lib.py
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, inflateRawSync } from 'node:zlib';

/** First bytes of a zip archive. */
export const ZIP_SIGNATURE = 'PK\x03\x04';
/** Keras' name of the weights in the archive. */
const WEIGHTS_NAME = 'model.weights.h5';

const ENTRY_SIGNATURE = 'PK\x01\x02';
const END_SIGNATURE = 'PK\x05\x06';
const [STORED, DEFLATED] = [0, 8];

/** One entry of the directory at an archive's end. */
interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressedBytes: number;
  /** Position of its own header. */
  readonly at: number;
}

/** Reads the directory. Numbers outside the archive throw, as damage does. */
function entriesOf(archive: Buffer): Entry[] {
  const end = archive.lastIndexOf(END_SIGNATURE, undefined, 'latin1');
  if (end < 0) throw new RangeError('no directory');
  const count = archive.readUInt16LE(end + 10);
  const entries: Entry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (archive.toString('latin1', at, at + 4) !== ENTRY_SIGNATURE) throw new RangeError('no entry');
    const nameBytes = archive.readUInt16LE(at + 28);
    entries.push({
      name: archive.toString('utf8', at + 46, at + 46 + nameBytes),
      method: archive.readUInt16LE(at + 10),
      crc: archive.readUInt32LE(at + 16),
      compressedBytes: archive.readUInt32LE(at + 20),
      at: archive.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

function contentOf(archive: Buffer, { method, crc, compressedBytes, at }: Entry): Buffer {
  const start = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const stored = archive.subarray(start, start + compressedBytes);
  if (method !== STORED && method !== DEFLATED) throw new RangeError(`compression method ${method}`);
  const content = method === STORED ? stored : inflateRawSync(stored);
  if (crc32(content) !== crc) throw new RangeError('another checksum');
  return content;
}

/** @throws RangeError if the archive is damaged or holds no weights */
function weightsOf(file: string): Buffer {
  const archive = readFileSync(file);
  let entry: Entry | undefined;
  try {
    entry = entriesOf(archive).find(({ name }) => name === WEIGHTS_NAME);
    if (entry !== undefined) return contentOf(archive, entry);
  } catch (cause) {
    throw new RangeError(
      `${file} must be a whole .keras file, received a damaged zip archive; copy it again`,
      {
        cause,
      },
    );
  }
  throw new RangeError(
    `${file} must be a .keras file, received a zip archive without ${WEIGHTS_NAME}: save the model with model.save("NAME.keras")`,
  );
}

/**
 * Extracts the weights of a `.keras` file for the time of `use`: HDF5 reads files only.
 *
 * @param use receives the path of the HDF5 file
 * @throws RangeError if the archive is damaged or holds no weights
 */
export async function withExtractedWeights<T>(
  file: string,
  use: (weightsFile: string) => Promise<T>,
): Promise<T> {
  const weights = weightsOf(file);
  const folder = mkdtempSync(join(tmpdir(), 'tandem-keras-'));
  try {
    const extracted = join(folder, WEIGHTS_NAME);
    writeFileSync(extracted, weights);
    return await use(extracted);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
