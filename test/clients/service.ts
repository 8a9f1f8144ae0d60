/** The service with its real demo model, and what clients send to it. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import sharp from 'sharp';

import type { ModelId } from '../../models/catalog';
import { decodePixels } from '../../models/data/decode';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { readConfig } from '../../service/config';
import { LIMITS } from '../../service/contract';
import { serve } from '../../service/main';

const MODEL: ModelId = 'latency';
const IMAGE_CLASS = 'weave';

/** A running service and the environment of its clients. */
export interface Service {
  readonly url: string;
  readonly port: number;
  /** What every client's program reads. */
  readonly env: Readonly<Record<string, string>>;
  /** Temporary folder of this run. */
  readonly dir: string;
  stop(): Promise<void>;
}

/** Starts the service and writes one image in each form that clients send. */
export async function startService(): Promise<Service> {
  const dir = mkdtempSync(join(tmpdir(), 'tandem-clients-'));
  const config = readConfig({ PORT: '0', GRPC_PORT: '0', MODELS: MODEL, ONNX_CACHE_DIR: join(dir, 'onnx') });
  const running = await serve(config, { log: pino({ level: 'error' }) });
  await running.ready;
  const { state } = running.queues.get(MODEL)!;
  if (state.kind !== 'ready') throw new Error(`the model ${MODEL} is ${state.kind}`);
  const jpeg = join(DEMO_MODELS_DIR, 'samples', `${IMAGE_CLASS}.jpg`);
  const [webp, pixels] = [join(dir, 'image.webp'), join(dir, 'image.pixels')];
  writeFileSync(webp, await sharp(jpeg).webp().toBuffer());
  writeFileSync(pixels, await decodePixels(readFileSync(jpeg), LIMITS.imagePixels));
  const url = `http://127.0.0.1:${running.port}`;
  return {
    url,
    port: running.port,
    dir,
    env: {
      SERVICE_URL: url,
      GRPC_ADDRESS: `127.0.0.1:${running.grpcPort}`,
      MODEL,
      IMAGE_JPEG: jpeg,
      IMAGE_WEBP: webp,
      IMAGE_PIXELS: pixels,
      IMAGE_CLASS,
      CLASSES: JSON.stringify(state.loaded.classes),
    },
    stop: () => running.stop(),
  };
}
