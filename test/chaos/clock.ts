/**
 * Steps of the wall clock.
 */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { ENV } from '../../service/contract';
import { CLASSIFY, IMAGE_FILE, type RunFault } from './pods';
import { spawnService, temporaryFolder } from './spawn-service';
import { within } from './stage';

const STEP_MS = 3_600_000;
const OLD_KEY = 'the-key-that-is-revoked';
const NEW_KEY = 'the-key-that-replaces-it';
const REQUESTS = 10;
/** The service looks at the file of keys once per second. */
const MAX_REVOKED_MS = 5_000;
const REVOKED_TIMEOUT_MS = 20_000;

/** Largest step back between neighbouring lines of a log, milliseconds. */
function largestStepBackMs(log: string): number {
  const times = [...readFileSync(log, 'utf8').matchAll(/"time":(\d+)/g)].map(([, time]) => Number(time));
  return Math.max(0, ...times.map((time, i) => (times[i - 1] ?? time) - time));
}

export const clock: RunFault = async (stage) => {
  const folder = temporaryFolder(stage);
  const [log, keys, offset] = ['log', 'keys', 'offset'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const setOffset = (ms: number) => writeFileSync(offset, String(ms));
  setOffset(0);
  writeFileSync(keys, `${OLD_KEY}\n`);
  const output = openSync(log, 'a');
  stage.onEnd(() => closeSync(output));
  const service = await spawnService(
    stage,
    {
      NODE_OPTIONS: `--require ${join(__dirname, 'step-clock.cjs')}`,
      CHAOS_CLOCK_FILE: offset,
      [ENV.apiKeyFile]: keys,
      [ENV.logLevel]: 'info',
    },
    output,
  );
  if (!(await service.becomesReady())) throw new Error('the service does not become ready before the fault');
  const image = new Uint8Array(readFileSync(IMAGE_FILE));
  const ask = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    const answer = await fetch(`${service.url}${CLASSIFY}`, { method: 'POST', body: image, headers });
    await answer.arrayBuffer();
    return answer.status;
  };
  let [due, failed] = [0, 0];
  const send = async (key: string) => {
    for (let i = 0; i < REQUESTS; i++, due++) if ((await ask(key)) !== 200) failed++;
  };
  await send(OLD_KEY);
  await stage.inject(() => setOffset(-STEP_MS));
  await stage.seen(async () => {
    await send(OLD_KEY);
    return largestStepBackMs(log) > STEP_MS / 2;
  });
  const started = performance.now();
  writeFileSync(keys, `${NEW_KEY}\n`);
  const isRevoked = await within(REVOKED_TIMEOUT_MS, async () => (await ask(OLD_KEY)) === 401);
  const revokedMs = performance.now() - started;
  stage.claim(`the revoked key is refused: after ${revokedMs} ms`, isRevoked);
  stage.claimTime(`within ${MAX_REVOKED_MS} ms: ${revokedMs}`, revokedMs <= MAX_REVOKED_MS);
  setOffset(STEP_MS);
  // Until the step has reached the process.
  await sleep(500);
  if (isRevoked) await send(NEW_KEY);
  for (const [name, value] of Object.entries({ due, failed, revokedMs })) stage.figure(name, value);
  stage.claim(`no request with a valid key fails: ${failed}`, failed === 0);
};
