/**
 * The floor: a bare Node server with this project's decoder and engine, and none of its checks. What Tandem takes more
 * than this is the price of its checks, its queue and its processes.
 */
import { createServer } from 'node:http';
import { join } from 'node:path';

import { modelId } from '../../../models/catalog';
import { decodeImage } from '../../../models/data/decode';
import { PRECISIONS } from '../../../models/engines/engine';
import { loadOnnxruntime } from '../../../models/engines/onnxruntime/engine';
import { topClasses } from '../../../models/evaluation/top-classes';
import { DEMO_MODELS_DIR } from '../../../models/weights/saved-model';
import { LIMITS } from '../../../service/contract';
import { PEER_ENV } from '../peer-environment';

async function main(): Promise<void> {
  const { env } = process;
  const engine = await loadOnnxruntime({
    kind: 'onnxruntime',
    modelDir: join(DEMO_MODELS_DIR, modelId(env[PEER_ENV.model])),
    threads: Number(env[PEER_ENV.threads]),
    precision: PRECISIONS.find((name) => name === env[PEER_ENV.precision]),
    onnxCacheDir: env[PEER_ENV.onnxCacheDir]!,
  });
  const answer = async (image: Buffer) => {
    const probabilities = await engine.predict(await decodeImage(image, LIMITS.imagePixels), 1);
    return JSON.stringify({ top: topClasses(engine.classes, probabilities, LIMITS.topClassesDefault) });
  };
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      response.setHeader('content-type', 'application/json');
      void answer(Buffer.concat(chunks)).then((json) => response.end(json));
    });
  }).listen(Number(env[PEER_ENV.port]), '127.0.0.1');
}

void main();
