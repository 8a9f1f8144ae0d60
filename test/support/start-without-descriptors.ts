/** Starts a model process while no descriptor is left, then frees them; prints what happened. */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { ModelProcess } from '../../service/inference/model-process';

const [modelDir] = process.argv.slice(2);
const script = join(__dirname, 'fake-worker.ts');
const held: number[] = [];
try {
  for (;;) held.push(openSync('/dev/null', 'r'));
} catch (error) {
  console.log((error as NodeJS.ErrnoException).code);
}
const started: ModelProcess = new ModelProcess({
  model: 'latency',
  engine: { kind: 'onnxruntime', modelDir: modelDir!, threads: 1, onnxCacheDir: '/none' },
  script,
  onState: () => {
    console.log(started.state.kind);
    started.stop();
  },
  onResult: () => undefined,
  onEnd: (reason) => {
    console.log(reason);
    held.splice(0).forEach((descriptor) => closeSync(descriptor));
  },
});
