/**
 * `tandem bench`: measures a service from outside. It loads no model and no cdk8s, since the load generator's image has
 * neither.
 */
import type { Command } from 'commander';

import { mergeRuns } from '../../bench/load/documents';
import { durationSeconds, parseLoad } from '../../bench/load/load';
import { clientsOf } from '../../bench/load/schedule';
import { brokenText } from '../../bench/load/validity';
import { addCapacityCommand } from './capacity';
import { addLatencyCommand, addLoadCommand } from './load';
import { EXAMPLE_TARGET } from './options';
import { addRunCommand } from './run';
import { addTimelineCommand } from './timeline';

/** Adds `bench` with its subcommands. */
export function addBenchCommand(program: Command): void {
  const bench = program
    .command('bench')
    .description('measure a service: send load, find its capacity, record it while it scales')
    .addHelpText('after', `\nExample: npx tandem bench capacity ${EXAMPLE_TARGET} --slo p95=100ms`);
  addLoadCommand(bench);
  addCapacityCommand(bench);
  addLatencyCommand(bench);
  addTimelineCommand(bench);
  addRunCommand(bench, {
    durationSecondsOf: (text, pods) => {
      const load = parseLoad(text);
      // Each pod refuses too, but only after the rollout.
      if (load.kind === 'closed') clientsOf(load.clients, { index: 1, count: pods });
      return durationSeconds(load);
    },
    mergeRuns,
    brokenText,
  });
}
