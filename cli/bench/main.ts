/**
 * The command `tandem bench` alone: the program of the load generator's image.
 */
import { Command } from 'commander';

import { addBenchCommand } from './bench';
import { fail, ignoreBrokenPipe } from '../ending';

ignoreBrokenPipe();
const program = new Command('tandem');
addBenchCommand(program);
program.parseAsync().catch(fail);
