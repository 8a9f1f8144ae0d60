/**
 * Measures what an image costs in a process of its own: memory that another graph has used would not be counted again.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Cost } from './cost-process';

const TYPESCRIPT = __filename.endsWith('.ts');
const SCRIPT = join(__dirname, TYPESCRIPT ? 'cost-process.ts' : 'cost-process.js');
const EXEC_ARGV = TYPESCRIPT ? ['--import', pathToFileURL(require.resolve('tsx')).href] : [];

/**
 * Runs a graph on one thread of onnxruntime, one image at a time.
 *
 * @param file of the graph
 * @throws Error if the process ends without a result
 */
export async function measureCost(file: string, sidePixels: number): Promise<Cost> {
  const child = fork(SCRIPT, [file, String(sidePixels)], {
    execArgv: EXEC_ARGV,
    // What it inherits must not be the terminal's keyboard.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let cost: Cost | undefined;
  child.on('message', (message: Cost) => (cost = message));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (cost !== undefined) return cost;
  throw new Error(
    `the process that measures ${file} must send a result, received none (${signal ?? `exit code ${code}`}): repeat the command`,
  );
}
