/**
 * Compares every architecture, with seeded weights, on every engine with real Keras' records. Not a Jest test, since Jest and
 * tfjs-node disagree about typed arrays (tensorflow/tfjs#7175).
 */
import * as tf from '@tensorflow/tfjs';

import { ARCHITECTURE_IDS, type ArchitectureId } from '../../models/catalog';
import { hasTfjsNode, useTfjsNode } from '../../models/engines/tfjs';
import {
  differences,
  kerasRecord,
  OUTPUTS,
  seededClassifier,
  TOLERANCE,
} from '../support/keras-architectures';
import { runOnnxruntime, runTfjs, useWasm } from '../support/keras-engines';

interface KerasEngine {
  readonly name: string;
  /** Selects the tfjs backend of this engine. */
  readonly use: () => Promise<void>;
  readonly run: (model: tf.LayersModel) => Float32Array[] | Promise<Float32Array[]>;
}

const WITHOUT_NATIVE: readonly KerasEngine[] = [
  { name: 'onnxruntime', use: useWasm, run: runOnnxruntime },
  { name: 'wasm', use: useWasm, run: runTfjs },
];
const NATIVE: KerasEngine = { name: 'tfjs-node', use: () => useTfjsNode(2), run: runTfjs };

async function compare(architecture: ArchitectureId, engine: KerasEngine): Promise<void> {
  await engine.use();
  const { model, sha256 } = seededClassifier(architecture);
  const wanted = kerasRecord(architecture).seeded.weightsSha256;
  if (sha256 !== wanted) {
    throw new Error(`${architecture}: seeded weights must have SHA-256 ${wanted}, received ${sha256}`);
  }
  const different = differences(architecture, await engine.run(model));
  model.dispose();
  const isSame = OUTPUTS.every((name) => different[name] <= TOLERANCE);
  const figures = OUTPUTS.map((name) => `${name} ${different[name].toExponential(1)}`).join(', ');
  console.log(
    `${isSame ? 'ok' : 'FAILED'} ${architecture} on ${engine.name}: largest differences from Keras, as shares of the range: ${figures}; allowed ${TOLERANCE}`,
  );
  if (!isSame) process.exitCode = 1;
}

async function main(): Promise<void> {
  tf.enableProdMode();
  const isBuilt = hasTfjsNode();
  if (!isBuilt) {
    console.log(
      'SKIPPED tfjs-node: the native part of tfjs-node is not built; run `npm run build:tfjs-node`',
    );
  }
  for (const architecture of ARCHITECTURE_IDS) {
    for (const engine of isBuilt ? [...WITHOUT_NATIVE, NATIVE] : WITHOUT_NATIVE) {
      await compare(architecture, engine);
    }
  }
}

void main();
