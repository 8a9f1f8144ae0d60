/**
 * What the system said in HDF5's errors, each of which is a stack of up to forty lines.
 */

/** The system's error in HDF5's stack, such as that the disk is full; any other error is returned as it is. */
export function systemErrorOf(error: unknown): unknown {
  const reason = /error message = '([^']+)'/.exec((error as Error).message)?.[1];
  if (reason === undefined) return error;
  const code = reason === 'No space left on device' ? 'ENOSPC' : 'EIO';
  return Object.assign(new Error(reason, { cause: error }), { code, syscall: 'write' });
}
