/** The service with the fake engine, as a program: its start, drain and end are real. */
import { join } from 'node:path';

import { pino } from 'pino';

import { readConfig } from '../../service/config';
import { serve, stopOnSignals } from '../../service/main';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = pino({ level: config.logLevel });
  const running = await serve(config, { log, workerScript: join(__dirname, 'fake-worker.ts') });
  stopOnSignals(running);
  log.info({ port: running.port }, 'listening');
  await running.ready;
  log.info('ready');
}

void main();
