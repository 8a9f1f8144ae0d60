/** The service with the fake engine, as a program: its start, drain and end are real. */
import { join } from 'node:path';

import { readConfig } from '../../service/config';
import { openLog } from '../../service/log';
import { serve, stopOnSignals } from '../../service/main';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const opened = openLog(config.logLevel);
  const { log } = opened;
  const running = await serve(config, { ...opened, workerScript: join(__dirname, 'fake-worker.ts') });
  stopOnSignals(running);
  await running.ready;
  log.info('ready');
}

void main();
