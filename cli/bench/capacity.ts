/**
 * The command `tandem bench capacity`.
 */
import type { Command } from 'commander';

import { checkTarget } from '../../bench/load/check-target';
import { NEVER_MET } from '../../bench/load/capacity';
import { capacityChart } from '../../bench/load/capacity-chart';
import type { Capacity } from '../../bench/load/capacity-document';
import { DEFAULT_MAX_PROBE_SECONDS, httpCapacity } from '../../bench/load/http-probe';
import { checkProbeSeconds, MIN_PROBE_SECONDS } from '../../bench/load/probe-verdict';
import { formatCapacity, formatProbe } from '../../bench/load/report';
import { checkDeadline, parseSlo, type Slo } from '../../bench/load/slo';
import { makeFolderOf, writeFileAtomic } from '../../files/write';
import {
  addSchedule,
  addTarget,
  boundedSeconds,
  durationOption,
  EXAMPLE_TARGET,
  print,
  read,
  runOptionsOf,
  type Schedule,
  type Target,
  untilInterrupted,
} from './options';
import { EXIT_UNDECIDED } from '../ending';
import { note, path } from '../options';

type CapacityOptions = Target &
  Schedule & {
    readonly slo: Slo;
    /** Seconds. */
    readonly maxProbe: number;
    /** Seconds. */
    readonly confirm?: number;
    readonly chart?: string;
  };

/** The exit code of a search: 0 with a knee or its lower end alone, 1 where no rate meets the objective, 2 if undecided. */
export function exitCodeOf({ lowPerSecond, ended }: Pick<Capacity, 'lowPerSecond' | 'ended'>): number {
  if (lowPerSecond > 0) return 0;
  return ended === NEVER_MET ? 1 : EXIT_UNDECIDED;
}

async function capacity(options: CapacityOptions): Promise<void> {
  const { connections, seed, slo, maxProbe, confirm, chart, out } = options;
  checkDeadline(slo, runOptionsOf(options).timeoutMs);
  checkProbeSeconds(slo, maxProbe, '--max-probe');
  if (confirm !== undefined) checkProbeSeconds(slo, confirm, '--confirm');
  if (out !== undefined) makeFolderOf(out);
  if (chart !== undefined) makeFolderOf(chart, '--chart');
  const found = await untilInterrupted('the search ends with what it knows', async (stop) => {
    if (!(await checkTarget({ ...runOptionsOf(options), stop }))) return undefined;
    return httpCapacity({
      ...runOptionsOf(options),
      connections,
      seed,
      slo,
      maxProbeSeconds: maxProbe,
      stop,
      ...(confirm !== undefined && { confirmSeconds: confirm }),
      onProbe: (record) => console.error(formatProbe(record)),
    });
  });
  if (found === undefined) {
    note('stopped before the first probe');
    return;
  }
  process.exitCode ??= exitCodeOf(found);
  print(found, formatCapacity(found), options);
  if (chart === undefined) return;
  if (found.probes.length > 0) writeFileAtomic(chart, capacityChart(found));
  else console.error(`${chart} is not written: no probe was finished`);
}

/** @throws RangeError for a time in which no rate can fail: the search would go on to ever higher ones */
function probeSeconds(text: string): number {
  const seconds = boundedSeconds(text);
  if (seconds < MIN_PROBE_SECONDS) {
    throw new RangeError(
      `It must be at least ${MIN_PROBE_SECONDS} s: one stall would explain all that a shorter probe sees.`,
    );
  }
  return seconds;
}

/** Adds `capacity` to the command `bench`. */
export function addCapacityCommand(bench: Command): void {
  addSchedule(addTarget(bench.command('capacity')))
    .description('find the highest rate of Poisson arrivals that meets an objective')
    .requiredOption('--slo <objective>', 'latency objective, such as p95=100ms', read(parseSlo))
    .addOption(
      durationOption(
        '--max-probe <duration>',
        'longest time to test one rate',
        DEFAULT_MAX_PROBE_SECONDS,
      ).argParser(read(probeSeconds)),
    )
    .option(
      '--confirm <duration>',
      'at the end, test the rate found for this long (MLPerf LoadGen: 10m)',
      read(boundedSeconds),
    )
    .option('--chart <file>', 'also draw the search as SVG', path)
    .addHelpText(
      'after',
      '\nPrints each rate that it tries, then the knee with its interval: the lower end passed, the upper end failed.\n' +
        `\nThe exit code is 0 if a knee was found, or only its lower end, 1 if no rate meets the objective, and ${EXIT_UNDECIDED} if the measurement decides nothing: INVALID probes, or too short ones.\n` +
        `\nExample: npx tandem bench capacity ${EXAMPLE_TARGET} --slo p95=100ms`,
    )
    .action(capacity);
}
