/**
 * A process that uses a known amount of CPU time per request. This file is its program too.
 */
import { fork } from 'node:child_process';
import { pathToFileURL } from 'node:url';

export interface Burner {
  readonly processId: number;
  /** Resolves with the answer. One at a time. */
  burn(iterations: number): Promise<void>;
  end(): void;
}

/**
 * Computes without a system call, as an inference does: the kernel looks at the quota of a process at its system calls too.
 *
 * @returns a number that depends on all iterations, so that the compiler keeps them
 */
function spin(iterations: number): number {
  let value = 1;
  for (let i = 0; i < iterations; i++) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  return value;
}

/** Starts a process. */
export function startBurner(): Burner {
  const child = fork(__filename, [], {
    execArgv: ['--import', pathToFileURL(require.resolve('tsx')).href],
  });
  return {
    processId: child.pid!,
    burn: (iterations) =>
      new Promise((resolve, reject) => {
        const fail = (code: number | null) => reject(new Error(`the process that burns CPU ended (${code})`));
        child.once('exit', fail);
        child.once('message', () => {
          child.off('exit', fail);
          resolve();
        });
        child.send(iterations);
      }),
    end: () => void child.kill(),
  };
}

const TRIAL_ITERATIONS = 5_000_000;
const WARM_UP_TRIALS = 10;
const TRIALS = 40;

/**
 * How many iterations a millisecond of CPU time has.
 *
 * @param usedCpuMs CPU time of the process so far, by its control group
 */
export async function iterationsPerMs(burner: Burner, usedCpuMs: () => number): Promise<number> {
  for (let trial = 0; trial < WARM_UP_TRIALS; trial++) await burner.burn(TRIAL_ITERATIONS);
  const beforeMs = usedCpuMs();
  for (let trial = 0; trial < TRIALS; trial++) await burner.burn(TRIAL_ITERATIONS);
  return (TRIALS * TRIAL_ITERATIONS) / (usedCpuMs() - beforeMs);
}

if (require.main === module) {
  process.on('message', (iterations: number) => void process.send!(spin(iterations)));
}
