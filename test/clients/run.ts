/**
 * Runs real clients against the running service. Prints one line per case.
 *
 * npm run test:clients -- [CLIENT...]
 *
 * Pass ids of clients to run only these.
 */
import { rmSync } from 'node:fs';

import { answerHelp } from '../../bench/experiments/program-arguments';
import { chosenFrom, readOrEnd } from '../support/arguments';
import { type Client, type ClientId, CLIENTS, type Need } from './cases';
import { curl, httpie, wget } from './commands';
import { execute } from './execute';
import { promtool, redocly, spectral } from './linters';
import { endOf, type Outcome, type RunClient } from './outcome';
import { generatedGo, generatedPython, go, nodeFetch, python } from './programs';
import { caddy, haproxy, nginxBuffered, nginxStreaming } from './proxies';
import { type Service, startService } from './service';

const RUN: Readonly<Record<ClientId, RunClient>> = {
  requests: python('requests_client.py'),
  httpx: python('httpx_client.py'),
  aiohttp: python('aiohttp_client.py'),
  triton: python('triton_client.py'),
  'triton-aio': python('triton_aio_client.py'),
  'triton-grpc': python('triton_grpc_client.py'),
  kserve: python('kserve_client.py'),
  'kserve-grpc': python('kserve_grpc_client.py'),
  mlserver: python('mlserver_client.py'),
  'open-inference': python('open_inference_client.py'),
  'openapi-python-client': generatedPython,
  'oapi-codegen': generatedGo,
  go,
  fetch: nodeFetch,
  curl,
  wget,
  httpie,
  nginx: nginxBuffered,
  'nginx-streaming': nginxStreaming,
  haproxy,
  caddy,
  spectral,
  redocly,
  promtool,
};

/** The folder of what a client needs, empty for a program on the PATH; undefined when it is not installed. */
async function folderOf(need: Need): Promise<string | undefined> {
  if (typeof need === 'string') return process.env[`CLIENTS_${need.toUpperCase()}`];
  const { code } = await execute('sh', ['-c', `command -v ${need.program}`]);
  return code === 0 ? '' : undefined;
}

/** Exactly the listed cases: one that did not report has failed, and so has one that is not listed. */
function complete({ cases }: Client, outcomes: readonly Outcome[]): readonly Outcome[] {
  const listed = Object.keys(cases).map(
    (name) =>
      outcomes.find((outcome) => outcome.case === name) ?? {
        case: name,
        ok: false,
        why: 'it did not report',
      },
  );
  const others = outcomes.filter((outcome) => !(outcome.case in cases));
  return [
    ...listed,
    ...others.map((outcome) => ({ ...outcome, ok: false, why: outcome.why ?? 'it is not in cases.ts' })),
  ];
}

async function runClient(
  id: ClientId,
  client: Client,
  service: Service,
): Promise<readonly Outcome[] | undefined> {
  const folder = await folderOf(client.need);
  if (folder === undefined) return undefined;
  const outcomes = await RUN[id](service, folder).catch((error: unknown) => [
    { case: 'start', ok: false, why: (error as Error).message },
  ]);
  return complete(client, outcomes);
}

async function main(): Promise<void> {
  answerHelp(__filename, `CLIENT is one of ${Object.keys(CLIENTS).join(', ')}.`);
  const typed = process.argv.slice(2);
  const ids = readOrEnd(() => chosenFrom('client', Object.keys(CLIENTS) as ClientId[], typed));
  const service = await startService();
  let [passed, failed, skipped] = [0, 0, 0];
  try {
    for (const id of ids) {
      const client: Client = CLIENTS[id];
      const outcomes = await runClient(id, client, service);
      if (outcomes === undefined) {
        console.log(`SKIPPED ${client.name}: it is not installed`);
        skipped += Object.keys(client.cases).length;
        continue;
      }
      for (const { case: name, ok, why } of outcomes) {
        console.log(
          `${ok ? 'ok' : 'FAILED'} ${client.name}: ${client.cases[name] ?? name}${ok ? '' : `: ${why}`}`,
        );
      }
      passed += outcomes.filter(({ ok }) => ok).length;
      failed += outcomes.filter(({ ok }) => !ok).length;
    }
  } finally {
    await service.stop();
    rmSync(service.dir, { recursive: true, force: true });
  }
  const { line, exitCode } = endOf({ passed, failed, skipped }, typed.length > 0);
  console.log(line);
  process.exit(exitCode);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
