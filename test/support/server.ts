/** A real server on a free port, with real child processes around the fake engine. */
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import sharp from 'sharp';

import type { ArchitectureId, ModelName } from '../../models/catalog';
import { checksummed } from '../../models/weights/saved-model';
import type { Config } from '../../service/config';
import { type Running, serve, type ServeOptions } from '../../service/main';

const CLASSES = ['light', 'dark', 'other'];

const MODELS: Readonly<Record<ModelName, ArchitectureId>> = {
  accuracy: 'resnet101v2',
  latency: 'mobilenetv2',
};

/** Writes saved models whose manifests the fake worker reads; `suffix` controls its behaviour. */
export function fakeModels(suffix = '', models = MODELS): string {
  const folder = mkdtempSync(join(tmpdir(), `tandem-models-${suffix}-`));
  for (const [model, architecture] of Object.entries(models)) {
    mkdirSync(join(folder, model));
    writeFileSync(join(folder, model, 'weights.safetensors'), '');
    const manifest = {
      format: 'tandem-saved-model',
      formatVersion: 1,
      model,
      architecture,
      classes: CLASSES,
      demo: true,
      base: { kind: 'seed', seed: 1 },
      weights: checksummed(join(folder, model), 'weights.safetensors'),
    };
    writeFileSync(join(folder, model, 'model.json'), JSON.stringify(manifest));
  }
  const samples = join(__dirname, '..', '..', 'models', 'demo', 'samples');
  cpSync(samples, join(folder, 'samples'), { recursive: true });
  return folder;
}

/** Starts a server; by default it serves both fake models. */
export async function startServer(
  changes: Partial<Config> = {},
  requestTimeoutMs = 20_000,
  options: Partial<ServeOptions> = {},
): Promise<Running & { url: string }> {
  const config: Config = {
    port: 0,
    models: ['accuracy', 'latency'],
    engine: 'onnxruntime',
    cpuLimitMillis: 1000,
    threads: 1,
    modelsDir: fakeModels(),
    onnxCacheDir: tmpdir(),
    logLevel: 'silent',
    corsOrigins: [],
    maxConnections: 1_000,
    ...changes,
  };
  const running = await serve(config, {
    log: pino({ level: config.logLevel }),
    workerScript: join(__dirname, 'fake-worker.ts'),
    requestTimeoutMs,
    ...options,
  });
  return { ...running, url: `http://127.0.0.1:${running.port}` };
}

/** A grey image of the model's input size, so that its first pixel reaches the engine as it is. */
export const grey = (share: number, side = 224) => {
  const level = Math.round(255 * share);
  return sharp({
    create: { width: side, height: side, channels: 3, background: { r: level, g: level, b: level } },
  });
};
