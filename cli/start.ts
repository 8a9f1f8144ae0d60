/**
 * `npm start`: writes the manifests, serves both models with the page, and prints what to do next.
 */
import { join } from 'node:path';

import { pino } from 'pino';

import { PACKAGE_ROOT } from '../files/package-root';
import { synthesize } from '../infra/main';
import { readConfig } from '../service/config';
import { serve, stopOnSignals } from '../service/main';
import { checkNodeVersion } from '../service/node-version';
import { startText } from './start-text';

async function start(): Promise<void> {
  checkNodeVersion();
  const started = Date.now();
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  console.error(`Loading ${config.models.join(' and ')} on ${config.engine} …`);
  const running = await serve(config, { log: pino({ level: config.logLevel }) });
  stopOnSignals(running);
  const warnings = synthesize(join(PACKAGE_ROOT, 'dist'), process.env);
  await running.ready;
  const models = [...running.queues].flatMap(([model, { state }]) =>
    state.kind === 'ready' ? [{ model, ...state.loaded }] : [],
  );
  console.log(
    startText({
      seconds: ((Date.now() - started) / 1000).toFixed(1),
      url: `http://localhost:${running.port}`,
      models,
      unfitting: warnings.map(({ variant }) => variant),
    }),
  );
}

start().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
