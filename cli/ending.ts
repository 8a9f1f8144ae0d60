/**
 * How a command ends: with one error prefix, and quietly when the reader of its output ends first.
 */

/** A reader that ends early, as in `npx tandem fit | head -n 1`, is not an error: drops the output that no one reads. */
export function ignoreBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** Prints an error as commander prints its own, and exits with 1. */
export function fail(error: unknown): never {
  console.error(`error: ${(error as Error).message}`);
  process.exit(1);
}
