/**
 * `npm start`: writes the manifests, serves both models with the page, and prints what to do next.
 */
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../files/package-root';
import type { FitWarning } from '../infra/fit';
import { synthesize } from '../infra/main';
import { VARIANTS } from '../infra/variants';
import { readConfig } from '../service/config';
import { openLog } from '../service/log';
import { serve, stopOnSignals } from '../service/main';
import { checkNodeVersion } from '../service/node-version';

/** Names the variants whose pods do not all fit the reference's cluster. */
function fitLine(warnings: readonly FitWarning[]): string | undefined {
  const variants = [...new Set(warnings.map(({ variant }) => variant))];
  if (variants.length === 0) return undefined;
  return `not all pods of ${variants.join(', ')} fit the reference’s cluster: npx tandem fit shows the arithmetic`;
}

async function start(): Promise<void> {
  checkNodeVersion();
  const started = Date.now();
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  console.error(`Loading ${config.models.join(' and ')} on ${config.engine} …`);
  const running = await serve(config, { log: openLog(config.logLevel) });
  stopOnSignals(running);
  const outdir = join(PACKAGE_ROOT, 'dist');
  const fits = fitLine(synthesize(outdir, process.env));
  await running.ready;

  const url = `http://localhost:${running.port}`;
  console.log(`Ready in ${((Date.now() - started) / 1000).toFixed(1)} s. Open ${url}`);
  console.log('Classify an image:');
  console.log(
    `  curl --data-binary @models/demo/samples/weave.jpg -H 'content-type: image/jpeg' '${url}/v1/classify?model=${config.models[0]}'`,
  );
  console.log('Deploy a variant:');
  console.log(
    `  kubectl apply -f dist/00-namespace.k8s.yaml -f dist/${config.models.at(-1)}-single-pod.k8s.yaml`,
  );
  console.log('Models:');
  for (const [model, { state }] of running.queues) {
    if (state.kind !== 'ready') continue;
    const { architecture, engine, engineVersion, precision, demo, classes } = state.loaded;
    const kind = demo ? 'demo model, ' : '';
    console.log(`  ${model}: ${kind}${architecture} on ${engine} ${engineVersion}, ${precision}`);
    console.log(`    classes: ${classes.join(', ')}`);
  }
  console.log(`Manifests: ${VARIANTS.length} variants in dist/`);
  if (fits !== undefined) console.log(`  ${fits}`);
  console.log('Stop with Ctrl-C.');
}

start().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
