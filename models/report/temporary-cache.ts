/**
 * A cache of graphs that does not outlive its use.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Works with a folder for graphs of weights that may change: the cache never removes one, so there it would stay for good.
 * The folder is removed at the end, also where the process exits before.
 */
export async function withTemporaryCache<T>(work: (onnxCacheDir: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-report-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // Ctrl-C ends a command by process.exit, which runs no finally.
  process.once('exit', remove);
  try {
    return await work(folder);
  } finally {
    process.off('exit', remove);
    remove();
  }
}
