/**
 * Tests the running server against its OpenAPI document with Schemathesis, once without and once with an API key. The
 * server and its model processes are real; their engine is the tests' fake engine.
 */
import '../support/own-temporary-folder';

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { versionOf } from '../../service/api/served-models';
import { startServer } from '../support/server';

const KEY = 'contract';
const EXAMPLES = process.env['CONTRACT_EXAMPLES'] ?? '40';
const SECONDS = process.env['CONTRACT_SECONDS'] ?? '150';

async function walk(schemathesis: string, withKey: boolean): Promise<boolean> {
  const apiKeyFile = join(mkdtempSync(join(tmpdir(), 'tandem-contract-')), 'keys');
  writeFileSync(apiKeyFile, KEY);
  const server = await startServer({ models: ['latency'], ...(withKey ? { apiKeyFile } : {}) }, 15_000);
  await server.ready;
  const versions = Object.fromEntries(
    [...server.queues].map(([model, { state }]) => [
      model,
      state.kind === 'ready' ? versionOf(state.loaded) : 'none',
    ]),
  );
  const settings = ['--config-file', join(__dirname, 'schemathesis.toml'), '--no-color'];
  const bounds = ['--max-examples', EXAMPLES, '--max-time', SECONDS, '--workers', '1'];
  const header = withKey ? ['--header', `Authorization:Bearer ${KEY}`] : [];
  const document = `${server.url}/openapi.json`;
  const child = spawn(schemathesis, [...settings, 'run', document, ...bounds, ...header], {
    cwd: mkdtempSync(join(tmpdir(), 'tandem-contract-run-')),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      SCHEMATHESIS_HOOKS: join(__dirname, 'hooks.py'),
      VERSIONS: JSON.stringify(versions),
      SAMPLES_DIR: join(DEMO_MODELS_DIR, 'samples'),
    },
  });
  const [said, [code]] = await Promise.all([
    text(child.stdout),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  console.log(`== ${withKey ? 'with an API key' : 'without an API key'}\n${said}`);
  const restarts = /inference_worker_restarts_total\{.*\} (\d+)/.exec(
    await (await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${KEY}` } })).text(),
  );
  await server.stop();
  // Schemathesis passes too if its time was over before it tested anything.
  const [selected, tested] = [/Selected: (\d+)\//, /Tested: (\d+)/].map((count) => count.exec(said)?.[1]);
  const isWhole = selected !== undefined && tested === selected;
  if (!isWhole) console.error(`${tested} of ${selected} operations were tested: raise CONTRACT_SECONDS`);
  if (restarts !== null) console.error(`model processes had to be restarted: ${restarts[0]}`);
  return code === 0 && restarts === null && isWhole;
}

async function main(): Promise<void> {
  const [schemathesis] = process.argv.slice(2);
  if (schemathesis === undefined) throw new Error('give the path of schemathesis: see test/contract/run.sh');
  // At the same time: Schemathesis uses one core.
  const passed = await Promise.all([walk(schemathesis, false), walk(schemathesis, true)]);
  if (passed.includes(false)) process.exit(1);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
