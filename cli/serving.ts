/**
 * Serves models and prints what to do next: for `npm start` and `tandem serve`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { ModelName } from '../models/catalog';
import { multipliesBytes } from '../models/engines/onnxruntime/cpu';
import { justifiedPrecision } from '../models/engines/onnxruntime/engine';
import { graphFile } from '../models/engines/onnxruntime/graph-cache';
import { readInt8File } from '../models/engines/onnxruntime/int8-file';
import { MANIFEST_NAME, readSavedModel } from '../models/weights/saved-model';
import { testAccuracyOf } from '../service/api/evaluation';
import { readConfig } from '../service/config';
import { ENV, PATHS } from '../service/contract';
import { openLog } from '../service/log';
import { serve, stopOnSignals } from '../service/main';
import { fp32Reason } from './fp32-reason';
import { sampleImage, samplesDirOf } from './samples';
import { servedFolders } from './served-folders';
import { readyLines, urlOf, type WrittenManifests } from './start-text';

type ModelDirs = ReadonlyMap<ModelName, string>;

/** @throws Error naming the first model that is not there: the service itself would wait for it */
function checkModels(dirs: ModelDirs): void {
  for (const [model, folder] of dirs) {
    const file = join(folder, MANIFEST_NAME);
    if (!existsSync(file)) {
      throw new Error(
        `${ENV.modelsDir} must hold the model ${model}, and ${file} is missing: set ${ENV.modelsDir} or ${ENV.models}, or train it (npx tandem train --help)`,
      );
    }
  }
}

/** Says on stderr what we wait for; on a terminal also how long already. Returns the function that ends it. */
function sayWaiting(text: string): () => void {
  if (!process.stderr.isTTY) {
    console.error(text);
    return () => undefined;
  }
  const started = performance.now();
  const redraw = () => {
    const seconds = Math.round((performance.now() - started) / 1000);
    process.stderr.write(`\r\x1b[K${text} ${seconds} s`);
  };
  redraw();
  const timer = setInterval(redraw, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\x1b[K');
  };
}

const reasonOf = (folder: string) =>
  fp32Reason(folder, readInt8File(readSavedModel(folder))?.cost, multipliesBytes());

/** What to serve and print. */
export interface ServingOptions {
  /** Folders of saved models, each may be `NAME=FOLDER`. @default those of the environment's MODELS in MODELS_DIR */
  readonly folders: readonly string[];
  /** MODELS_DIR, whatever the environment says. @default the environment's */
  readonly modelsDir?: string | undefined;
  /** Whether to print classes and checksums. */
  readonly verbose: boolean;
  /** Writes the manifests while the models load. @default nothing is written, and no variant is offered */
  readonly writeManifests?: () => WrittenManifests;
}

/** Serves on the loopback unless the environment says otherwise, and prints. Resolves when every model is ready. */
export async function serveAndPrint({
  folders,
  modelsDir,
  verbose,
  writeManifests,
}: ServingOptions): Promise<void> {
  const started = performance.now();
  const given = servedFolders(folders);
  const config = readConfig({
    [ENV.logLevel]: 'warn',
    [ENV.host]: '127.0.0.1',
    ...process.env,
    ...(modelsDir === undefined ? {} : { [ENV.modelsDir]: modelsDir }),
    ...(given.size === 0 ? {} : { [ENV.models]: [...given.keys()].join(',') }),
  });
  const { engine, onnxCacheDir, models } = config;
  const dirs =
    given.size > 0 ? given : new Map(models.map((model) => [model, join(config.modelsDir, model)] as const));
  checkModels(dirs);
  const needsExport = (folder: string) =>
    (engine === 'openvino' && !existsSync(graphFile(folder, onnxCacheDir))) ||
    (engine === 'onnxruntime' &&
      !existsSync(
        graphFile(folder, onnxCacheDir, config.precision ?? justifiedPrecision(readSavedModel(folder))),
      ));
  const exported = [...dirs].filter(([, folder]) => needsExport(folder)).map(([model]) => model);

  // The other engines have no int8.
  const isPrecisionChosen = engine !== 'onnxruntime' || config.precision !== undefined;
  const samplesDir = samplesDirOf([...dirs.values()]);
  const running = await serve(config, {
    ...openLog(config.logLevel),
    ...(given.size > 0 ? { modelDirs: given } : {}),
    samplesDir,
  });
  stopOnSignals(running);
  const url = urlOf(config.host, running.port);
  console.log(`Open ${url}`);
  if (running.metricsPort !== undefined)
    console.log(`Scrape ${urlOf(config.host, running.metricsPort)}${PATHS.metrics}`);
  if (running.grpcPort !== undefined)
    console.log(`Call gRPC at ${new URL(urlOf(config.host, running.grpcPort)).host}`);
  const first = exported.length === 0 ? '' : ` Exporting ${exported.join(' and ')} to ONNX first, once.`;
  const stopWaiting = sayWaiting(`Loading ${models.join(' and ')} on ${engine} …${first}`);
  const manifests = writeManifests?.();
  await running.ready;
  stopWaiting();
  if (manifests?.changeLine !== undefined) console.error(manifests.changeLine);
  const lines = readyLines({
    url,
    seconds: ((performance.now() - started) / 1000).toFixed(1),
    models: [...running.queues].flatMap(([model, { state }]) =>
      state.kind === 'ready'
        ? [
            {
              model,
              loaded: state.loaded,
              accuracy: testAccuracyOf(dirs.get(model)!, state.loaded.precision),
              fp32Reason: isPrecisionChosen ? undefined : reasonOf(dirs.get(model)!),
            },
          ]
        : [],
    ),
    image: sampleImage(samplesDir),
    apiKeyFile: config.apiKeyFile,
    manifests,
    verbose,
  });
  console.log(lines.join('\n'));
}
