/**
 * The peak of one core in float32, measured with a program of ours that a C compiler makes for this CPU.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../../files/package-root';

const SOURCE = join(PACKAGE_ROOT, 'bench/peers/fma-peak.c');

/**
 * Compiles the program.
 *
 * @param folder receives it
 * @returns a function that measures the peak in GFLOP/s; undefined without a C compiler
 */
export function compilePeak(folder: string): (() => number) | undefined {
  const program = join(folder, 'fma-peak');
  try {
    const options = ['-O2', '-march=native', '-ffp-contract=fast', '-o', program, SOURCE];
    execFileSync('cc', options, { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return () => Number(execFileSync(program, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
}
