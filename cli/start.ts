/**
 * `npm start`: serves the models with the page, writes the manifests, and prints what to do next. With `--verbose` it also
 * prints classes and checksums.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';

import { PACKAGE_ROOT } from '../files/package-root';
import { synthesize } from '../infra/main';
import { graphFile } from '../models/engines/onnxruntime/graph-cache';
import { DEMO_MODELS_DIR, MANIFEST_NAME } from '../models/weights/saved-model';
import { testAccuracyOf } from '../service/api/evaluation';
import { type Config, readConfig } from '../service/config';
import { ENV } from '../service/contract';
import { openLog } from '../service/log';
import { serve, stopOnSignals } from '../service/main';
import { checkNodeVersion } from '../service/node-version';
import { fail, ignoreBrokenPipe } from './ending';
import { readyLines, urlOf } from './start-text';

/** @throws Error naming the first model that is not there: the service itself would wait for it */
function checkModels({ models, modelsDir }: Config): void {
  for (const model of models) {
    const file = join(modelsDir, model, MANIFEST_NAME);
    if (!existsSync(file)) {
      throw new Error(
        `${ENV.modelsDir} must hold the model ${model}, and ${file} is missing: set ${ENV.modelsDir} or ${ENV.models}, or train it (npx tandem train --help)`,
      );
    }
  }
}

/** A JPEG to classify: the first sample of the served models, else of the demo. */
function sampleImage(modelsDir: string): string {
  const isJpeg = (name: string) => name.endsWith('.jpg');
  const folders = [modelsDir, DEMO_MODELS_DIR].map((folder) => join(folder, 'samples'));
  const folder = folders.find((each) => existsSync(each) && readdirSync(each).some(isJpeg))!;
  return relative(process.cwd(), join(folder, readdirSync(folder).sort().find(isJpeg)!));
}

/** Says on stderr what we wait for; on a terminal also how long already. Returns the function that ends it. */
function sayWaiting(text: string): () => void {
  if (!process.stderr.isTTY) {
    console.error(text);
    return () => undefined;
  }
  const started = Date.now();
  const redraw = () => {
    const seconds = Math.round((Date.now() - started) / 1000);
    process.stderr.write(`\r\x1b[K${text} ${seconds} s`);
  };
  redraw();
  const timer = setInterval(redraw, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\x1b[K');
  };
}

/** Whether a model's graph must be exported before it is served. */
const needsExport = ({ engine, modelsDir, onnxCacheDir }: Config, model: string) =>
  engine === 'onnxruntime' && !existsSync(graphFile(join(modelsDir, model), onnxCacheDir));

/**
 * Serves, writes the manifests and prints. Resolves when every model is ready.
 *
 * @param outdir folder of the manifests
 */
export async function start(outdir: string): Promise<void> {
  ignoreBrokenPipe();
  checkNodeVersion();
  const { values } = parseArgs({ options: { verbose: { type: 'boolean', default: false } } });
  const started = Date.now();
  const config = readConfig({ [ENV.logLevel]: 'warn', [ENV.host]: '127.0.0.1', ...process.env });
  checkModels(config);
  const exported = config.models.filter((model) => needsExport(config, model));
  const running = await serve(config, { log: openLog(config.logLevel) });
  stopOnSignals(running);
  const url = urlOf(config.host, running.port);
  console.log(`Open ${url}`);
  const first = exported.length === 0 ? '' : ` Exporting ${exported.join(' and ')} to ONNX first, once.`;
  const stopWaiting = sayWaiting(`Loading ${config.models.join(' and ')} on ${config.engine} …${first}`);
  const warnings = synthesize(outdir, process.env);
  await running.ready;
  stopWaiting();
  const models = [...running.queues].flatMap(([model, { state }]) =>
    state.kind === 'ready'
      ? [{ model, loaded: state.loaded, accuracy: testAccuracyOf(join(config.modelsDir, model)) }]
      : [],
  );
  const lines = readyLines({
    url,
    seconds: ((Date.now() - started) / 1000).toFixed(1),
    models,
    image: sampleImage(config.modelsDir),
    apiKeyFile: config.apiKeyFile,
    warnings,
    verbose: values.verbose,
  });
  console.log(lines.join('\n'));
}

if (require.main === module) {
  start(join(PACKAGE_ROOT, 'dist')).catch(fail);
}
