/**
 * The program of a model process: decodes images and runs the model. Native code blocks or crashes here, not in the
 * HTTP server.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { INPUT_SHAPE } from '../../models/catalog';
import { DecodeError, decodeInPlace, warmUpDecoder, warmUpLibvips } from '../../models/data/decode';
import { fillInput } from '../../models/data/pixels';
import type { Engine, LoadEngine } from '../../models/engines/engine';
import { loadEngine } from '../../models/engines/load';
import {
  type ChecksummedFile,
  MANIFEST_NAME,
  readSavedModel,
  type SavedModel,
  savedModelSha256,
  verifyChecksummed,
} from '../../models/weights/saved-model';
import { LIMITS } from '../contract';
import { preferAsVictim } from './oom-score';
import type { LoadMessage, ModelProcessMessage, Work, WorkMessage } from './protocol';

/** The first inferences are slow: the engine allocates memory in the first and plans it for the following in the second. */
const WARM_UPS = 3;
/** From this time on, what the second takes more does not matter, and a third would only delay the start. */
const WARM_UP_MS = 50;
/** The first answer does not wait for libvips, which a plain JPEG does not need. */
const LIBVIPS_DELAY_MS = 300;
const NOT_FINITE =
  'The model returned NaN or Infinity for these images: send other images, and ask the operator of the service to check the model.';
const IMAGE_SIZE = INPUT_SHAPE.reduce((product, size) => product * size, 1);
/** A decoded image: one array for all, since one piece of work is done at a time. */
const input = new Float32Array(IMAGE_SIZE);

/** NaN spreads through a model from any tensor that overflows; JSON would write it as null. */
const areFinite = (probabilities: Float32Array) => probabilities.every(Number.isFinite);

const baseOf = ({ base }: SavedModel): ChecksummedFile[] =>
  base.kind === 'seed' ? [] : [{ file: base.file, sha256: base.sha256 }];

const send = (message: ModelProcessMessage) => process.send!(message);

async function warmUpLater(): Promise<void> {
  await sleep(LIBVIPS_DELAY_MS);
  await warmUpLibvips();
}

async function load({ model, options }: LoadMessage, loader: LoadEngine): Promise<Engine> {
  const saved = readSavedModel(options.modelDir);
  if (model !== undefined && saved.model !== model) {
    throw new Error(
      `${join(options.modelDir, MANIFEST_NAME)}: model must be "${model}", the name of its folder, received "${saved.model}": move each model to the folder of its name`,
    );
  }
  // An engine with a cached graph does not read the weights, so damage would stay unnoticed.
  verifyChecksummed(options.modelDir, saved.weights);
  const engine = await loader(options);
  await warmUpDecoder();
  let inferenceMs = 0;
  for (let i = 0; i < WARM_UPS - (inferenceMs > WARM_UP_MS ? 1 : 0); i++) {
    const started = performance.now();
    const probabilities = await engine.predict(input, 1);
    inferenceMs = performance.now() - started;
    if (!areFinite(probabilities)) {
      throw new Error(`the model in ${options.modelDir} returns non-finite probabilities: train it again`);
    }
  }
  const sha256 = savedModelSha256(saved);
  send({
    kind: 'ready',
    loaded: {
      classes: saved.classes,
      demo: saved.demo,
      architecture: saved.architecture,
      sha256,
      engine: engine.kind,
      engineVersion: engine.version,
      precision: engine.precision,
      threads: engine.threads,
      files: [
        { file: MANIFEST_NAME, sha256 },
        saved.weights,
        // A graph already contains its base's weights.
        ...(engine.graph === undefined ? baseOf(saved) : [engine.graph]),
      ],
      ...(engine.graphNotStored === undefined ? {} : { graphNotStored: engine.graphNotStored }),
      inferenceMs,
      loadMs: Math.round(process.uptime() * 1000),
    },
  });
  return engine;
}

/** The values of the images, float32 [batch, 224, 224, 3] in [0, 1]. */
async function inputOf(work: Work): Promise<Float32Array> {
  if (work.kind === 'classify') return decodeInPlace(work.image, LIMITS.imagePixels, input);
  const { images } = work;
  if (images instanceof Float32Array) return images;
  const values = new Float32Array(images.length);
  fillInput(images, values);
  return values;
}

async function work(engine: Engine, message: WorkMessage): Promise<ModelProcessMessage> {
  const { id } = message;
  const started = performance.now();
  try {
    const images = await inputOf(message);
    const decoded = performance.now();
    const probabilities = await engine.predict(images, message.kind === 'classify' ? 1 : message.batch);
    const ended = performance.now();
    if (!areFinite(probabilities)) return { kind: 'failed', id, code: 'INTERNAL', message: NOT_FINITE };
    return {
      kind: 'done',
      id,
      probabilities,
      decodeMs: decoded - started,
      inferenceMs: ended - decoded,
      ...(engine.tensors === undefined ? {} : { tensors: engine.tensors() }),
    };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const code = error.reason === 'unsupported' ? 'UNSUPPORTED_TYPE' : 'BAD_IMAGE';
    return { kind: 'failed', id, code, message: error.message };
  }
}

/** Serves the parent process until the parent exits. */
export function runWorker(loader: LoadEngine = loadEngine): void {
  preferAsVictim();
  let engine: Promise<Engine> | undefined;
  process.on('message', (message: LoadMessage | WorkMessage) => {
    if (message.kind === 'load') {
      engine = load(message, loader);
      engine.then(warmUpLater).catch((error: unknown) => {
        process.send!(
          { kind: 'load-failed', message: (error as Error).message } satisfies ModelProcessMessage,
          () => process.exit(1),
        );
      });
      return;
    }
    // An error here is a defect, not bad input: the process ends and its parent starts another one.
    void engine!.then((loaded) => work(loaded, message)).then(send);
  });
  process.on('disconnect', () => process.exit(0));
  // The parent drains first, then stops this process; Ctrl-C reaches the whole process group.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
}

if (require.main === module) runWorker();
