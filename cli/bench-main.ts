/**
 * The command `tandem bench` alone: the program of the load generator's image.
 */
import { Command } from 'commander';

import { addBenchCommand } from './bench';

const program = new Command('tandem');
addBenchCommand(program);
program.parseAsync().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
