/**
 * The service with a given number of processes and threads: an entry for `startService`.
 */
import { readConfig } from '../../service/config';
import { openLog } from '../../service/log';
import { serve, stopOnSignals } from '../../service/main';

/** Variables of this entry beside the service's. */
export const PARALLEL_ENV = { processes: 'BENCH_PROCESSES', threads: 'BENCH_THREADS' } as const;

async function main(): Promise<void> {
  const { env } = process;
  const config = readConfig(env);
  const opened = openLog(config.logLevel);
  const { log } = opened;
  const [processes, threads] = [PARALLEL_ENV.processes, PARALLEL_ENV.threads].map((name) =>
    Number(env[name]),
  );
  const running = await serve(config, {
    ...opened,
    parallelism: { processes: processes!, threads: threads! },
  });
  stopOnSignals(running);
  await running.ready;
  log.info('ready');
}

if (require.main === module) void main();
