/**
 * Makes the kernel end a model process rather than the server when memory runs out: the server starts another one, but its
 * own end breaks every connection.
 *
 * @see https://docs.kernel.org/filesystems/proc.html
 */
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = '/proc/self/oom_score_adj';
const MAX_SCORE = 1000;
/**
 * Thousandths of the memory limit by which this process counts as larger than it is: far more than the server's lead can
 * be. Chromium gives its renderers the same.
 */
const RAISE = 300;

/** Raises this process's score, as every process may; without effect where there is no such score. */
export function preferAsVictim(file: string = FILE): void {
  try {
    const inherited = Number(readFileSync(file, 'utf8'));
    writeFileSync(file, String(Math.min(MAX_SCORE, inherited + RAISE)));
  } catch {
    // Then the kernel chooses by size.
  }
}
