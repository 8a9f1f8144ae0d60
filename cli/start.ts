/**
 * `npm start`: synthesizes the manifests, serves both demo models with the page, and says what it did.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { pino } from 'pino';

import { synthesize } from '../infra/main';
import { readConfig } from '../service/config';
import { serve, stopOnSignals } from '../service/main';
import { checkNodeVersion } from '../service/node-version';

async function start(): Promise<void> {
  checkNodeVersion();
  const started = Date.now();
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const outdir = join(__dirname, '..', 'dist');
  synthesize(outdir, process.env);
  const files = readdirSync(outdir).filter((file) => file.endsWith('.yaml'));
  console.log(`Synthesized ${files.length} manifests into dist/:`);
  for (const file of files) console.log(`  dist/${file}`);

  console.log(`Loading ${config.models.join(' and ')} (${config.engine}, threads each: ${config.threads}) …`);
  const running = await serve(config, { log: pino({ level: config.logLevel }) });
  stopOnSignals(running);
  await running.ready;
  const url = `http://localhost:${running.port}`;
  for (const [model, { state }] of running.queues) {
    if (state.kind !== 'ready') continue;
    const { architecture, engine, engineVersion, precision, loadMs, demo, classes, files } = state.loaded;
    const kind = demo ? 'demo model' : 'model';
    console.log(
      `  ${model}: ${kind}, ${architecture} on ${engine} ${engineVersion} in ${precision}, ready in ${loadMs} ms, tells ${classes.join(', ')}`,
    );
    for (const { file, sha256 } of files) console.log(`    ${file}: SHA-256 ${sha256}`);
  }
  console.log(`Ready in ${((Date.now() - started) / 1000).toFixed(1)} s. The page: ${url}`);
  console.log(
    `  curl --data-binary @photo.jpg -H 'content-type: image/jpeg' '${url}/v1/classify?model=${config.models[0]}'`,
  );
  console.log(
    `  kubectl apply -f dist/00-namespace.k8s.yaml -f dist/${config.models.at(-1)}-single-pod.k8s.yaml`,
  );
  console.log('Stop with Ctrl-C.');
}

start().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
