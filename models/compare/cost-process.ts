/**
 * A process that runs one graph on one thread, and tells its parent what an image costs.
 */
import { openSession, runSession } from '../engines/onnxruntime/session';
import { percentile } from '../../statistics/percentile';

/** What one image at a time costs, without decoding. */
export interface Cost {
  /** Median CPU time of an image, milliseconds. */
  readonly cpuMs: number;
  /** How much resident memory the graph and the images added to the process, bytes. */
  readonly memoryBytes: number;
  /** Images that the median is of. */
  readonly runs: number;
}

const WARM_UP_RUNS = 5;
const MIN_RUNS = 15;
const MAX_RUNS = 200;
/** CPU time that is enough for a median. */
const ENOUGH_MS = 2000;

/** Runs a graph of an input side. CPU time, since other work on the machine delays an image but hardly adds to that. */
async function costOf(file: string, sidePixels: number): Promise<Cost> {
  const before = process.memoryUsage.rss();
  const session = await openSession(file, 1);
  const shape = [1, sidePixels, sidePixels, 3] as const;
  const image = Float32Array.from({ length: sidePixels ** 2 * 3 }, (_, i) => ((i * 7919) % 256) / 255);
  const timesMs: number[] = [];
  let totalMs = 0;
  for (let run = -WARM_UP_RUNS; run < MAX_RUNS && (run < MIN_RUNS || totalMs < ENOUGH_MS); run++) {
    const started = process.cpuUsage();
    await runSession(session, image, shape);
    const { user, system } = process.cpuUsage(started);
    if (run < 0) continue;
    timesMs.push((user + system) / 1000);
    totalMs += timesMs.at(-1)!;
  }
  const memoryBytes = process.memoryUsage.rss() - before;
  return { cpuMs: percentile(timesMs, 0.5), memoryBytes, runs: timesMs.length };
}

async function main(): Promise<void> {
  process.once('disconnect', () => process.exit());
  const [file, sidePixels] = process.argv.slice(2) as [string, string];
  const cost = await costOf(file, Number(sidePixels));
  process.send!(cost, () => process.exit());
}

void main();
