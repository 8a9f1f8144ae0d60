/**
 * Faults of the model's files.
 */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PATHS } from '../../service/contract';
import { IMAGE_FILE, type RunFault } from './pods';
import { workersOf } from './workers';

const CHECKSUMS = /must have SHA-256 [0-9a-f]{64}, received [0-9a-f]{64}/;

/** Damages the weights, makes the service load them again, and repairs them. */
const damaged =
  (damage: (file: string, whole: Buffer) => void, reason: RegExp): RunFault =>
  async (stage, pods) => {
    const pod = await pods.single();
    const file = join(pod.modelDir, 'weights.safetensors');
    const whole = readFileSync(file);
    const complaints = () =>
      pod.log.filter(
        ({ msg, reason: why }) => String(msg).startsWith('model not loaded') && reason.test(String(why)),
      );
    const before = complaints().length;
    const repair = () => writeFileSync(file, whole);
    stage.onEnd(repair);
    await stage.inject(() => {
      damage(file, whole);
      for (const worker of workersOf(pod)) process.kill(worker, 'SIGKILL');
    });
    await stage.seen(() => complaints().length > before);
    for (const [what, path, status] of [
      ['live', PATHS.live, 200],
      ['not ready', PATHS.ready, 503],
    ] as const) {
      const answered = await pod.status(path);
      stage.claim(`the pod is ${what}: ${answered}`, answered === status);
    }
    const refused = await pod.classify(readFileSync(IMAGE_FILE));
    stage.claim(`a request gets 503: ${refused}`, refused === 503);
    const lines = complaints().length - before;
    stage.claim(`the log has one line: ${lines}`, lines === 1);
    const started = performance.now();
    repair();
    await stage.waitFor(
      'the pod is ready or its server has ended',
      async () => !pod.isAlive() || (await pod.isReady()),
    );
    stage.figure('readyMs', performance.now() - started);
    stage.claim('the server’s process lives', pod.isAlive());
  };

export const modelMissing = damaged((file) => rmSync(file), /is not there/);

export const modelFlipped = damaged((file, whole) => {
  const flipped = Buffer.from(whole);
  flipped[Math.floor(flipped.length / 2)]! ^= 1;
  writeFileSync(file, flipped);
}, CHECKSUMS);

export const modelTruncated = damaged((file, whole) => truncateSync(file, whole.length / 2), CHECKSUMS);
