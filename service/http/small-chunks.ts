/**
 * Joins small chunks of a body, so that what is kept of it takes about the memory of its bytes: a chunk of one byte takes
 * about 500, and a client chooses how many bytes a chunk has.
 */

/** Smaller chunks are copied; beside this many bytes, what Node keeps for each chunk is little. */
const JOINED_BYTES = 4096;

/** What receives the chunks of a body, joined; returns whether it wants the next one. */
export type TakeChunk = (chunk: Buffer) => boolean;

/** A body's chunks on their way. */
export interface JoinedChunks {
  /** Takes the next chunk; whether more are wanted. */
  readonly add: TakeChunk;
  /** Passes on what is left at the end of the body. */
  readonly end: () => void;
}

/** Starts joining the chunks of one body. */
export function joinSmall(take: TakeChunk): JoinedChunks {
  let joined: Buffer | undefined;
  let filledBytes = 0;
  const flush = (): boolean => {
    if (joined === undefined) return true;
    const whole = joined.subarray(0, filledBytes);
    joined = undefined;
    filledBytes = 0;
    return take(whole);
  };
  return {
    add: (chunk) => {
      if (chunk.length >= JOINED_BYTES) return flush() && take(chunk);
      for (let at = 0; at < chunk.length;) {
        joined ??= Buffer.allocUnsafeSlow(JOINED_BYTES);
        const copiedBytes = chunk.copy(joined, filledBytes, at);
        filledBytes += copiedBytes;
        at += copiedBytes;
        if (filledBytes === JOINED_BYTES && !flush()) return false;
      }
      return true;
    },
    end: () => void flush(),
  };
}
