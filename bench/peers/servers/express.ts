/**
 * Express with tfjs-node, as its documentation has it: `tf.node.decodeImage`, `resizeBilinear`, `predict`.
 */
import { join } from 'node:path';

import type * as tfjs from '@tensorflow/tfjs';
import express from 'express';

import { INPUT_SHAPE, modelId } from '../../../models/catalog';
import { useTfjsNode } from '../../../models/engines/tfjs';
import { topClasses } from '../../../models/evaluation/top-classes';
import { loadClassifier } from '../../../models/weights/load-classifier';
import { DEMO_MODELS_DIR, readSavedModel } from '../../../models/weights/saved-model';
import { LIMITS } from '../../../service/contract';
import { PEER_ENV } from '../peer-environment';

type TfjsNode = typeof tfjs & {
  readonly node: { decodeImage(image: Uint8Array, channels: number): tfjs.Tensor3D };
};
const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;

async function main(): Promise<void> {
  const { env } = process;
  await useTfjsNode(Number(env[PEER_ENV.threads]));
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- optional
  const tf = require('@tensorflow/tfjs-node') as TfjsNode;
  const modelDir = join(DEMO_MODELS_DIR, modelId(env[PEER_ENV.model]));
  const { classes } = readSavedModel(modelDir);
  const classifier = await loadClassifier(modelDir);
  const app = express();
  app.use(express.raw({ type: 'image/jpeg', limit: LIMITS.imageBytes }));
  app.post('/classify', async (request, response) => {
    const output = tf.tidy(() => {
      const image = tf.node.decodeImage(request.body as Buffer, CHANNELS);
      const resized = tf.image.resizeBilinear(image, [HEIGHT, WIDTH], false, true);
      return classifier.predict(resized.div(255).expandDims()) as tfjs.Tensor;
    });
    const probabilities = Float32Array.from(await output.data());
    output.dispose();
    response.json({ top: topClasses(classes, probabilities, LIMITS.topClassesDefault) });
  });
  app.listen(Number(env[PEER_ENV.port]), '127.0.0.1');
}

void main();
