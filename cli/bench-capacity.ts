/**
 * The command `tandem bench capacity`.
 */
import type { Command } from 'commander';

import { capacityChart } from '../bench/load/capacity-chart';
import { DEFAULT_MAX_PROBE_SECONDS, httpCapacity } from '../bench/load/http-probe';
import { parseSeconds } from '../bench/load/load';
import { formatCapacity, formatProbe } from '../bench/load/report';
import { parseSlo, type Slo } from '../bench/load/slo';
import { writeFileAtomic } from '../files/write';
import {
  addSchedule,
  addTarget,
  durationOption,
  EXAMPLE_TARGET,
  print,
  read,
  runOptionsOf,
  type Schedule,
  type Target,
  untilInterrupted,
} from './bench-options';
import { path } from './options';

type CapacityOptions = Target &
  Schedule & {
    readonly slo: Slo;
    /** Seconds. */
    readonly maxProbe: number;
    /** Seconds. */
    readonly confirm?: number;
    readonly chart?: string;
  };

async function capacity(options: CapacityOptions): Promise<void> {
  const { connections, seed, slo, maxProbe, confirm, chart } = options;
  const found = await untilInterrupted('the search ends with what it knows', (stop) =>
    httpCapacity({
      ...runOptionsOf(options),
      ...{ connections, seed, slo, maxProbeSeconds: maxProbe, stop },
      ...(confirm !== undefined && { confirmSeconds: confirm }),
      onProbe: (record) => console.error(formatProbe(record)),
    }),
  );
  print(found, formatCapacity(found), options);
  if (chart === undefined) return;
  if (found.probes.length > 0) writeFileAtomic(chart, capacityChart(found));
  else console.error(`${chart} is not written: no probe was finished`);
}

/** Adds `capacity` to the command `bench`. */
export function addCapacityCommand(bench: Command): void {
  addSchedule(addTarget(bench.command('capacity')))
    .description('find the highest rate of Poisson arrivals that meets an objective')
    .requiredOption('--slo <objective>', 'latency objective, such as p95=100ms', read(parseSlo))
    .addOption(
      durationOption('--max-probe <duration>', 'longest time to test one rate', DEFAULT_MAX_PROBE_SECONDS),
    )
    .option(
      '--confirm <duration>',
      'at the end, test the rate found for this long (MLPerf LoadGen: 10m)',
      read(parseSeconds),
    )
    .option('--chart <file>', 'also draw the search as SVG', path)
    .addHelpText(
      'after',
      '\nPrints each rate that it tries, then the knee with its interval: the lower end passed, the upper end failed.\n' +
        `\nExample: npx tandem bench capacity ${EXAMPLE_TARGET} --slo p95=100ms`,
    )
    .action(capacity);
}
