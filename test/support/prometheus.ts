/** A real Prometheus: Debian's package. Without one, its tests are skipped and say so. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { cacheDir } from '../../models/weights/imagenet-weights';
import { sayAloud } from './aloud';

const PROGRAM = [
  join(cacheDir(), 'prometheus', 'usr', 'bin'),
  ...(process.env['PATH'] ?? '').split(delimiter),
]
  .map((folder) => join(folder, 'prometheus'))
  .find((program) => existsSync(program));

if (PROGRAM === undefined) {
  sayAloud('SKIPPED: this test needs Prometheus; run bash scripts/get-prometheus.sh on Debian');
}

/** `describe` where there is a Prometheus. */
export const describeWithPrometheus = PROGRAM === undefined ? describe.skip : describe;

const SCRAPE_MS = 1000;
const POLL_MS = 200;

/** What is scraped: labels that the scrape adds, and the text of each scrape. */
export interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrape: () => string | Promise<string>;
}

/** A sample of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus that runs. */
export interface RunningPrometheus {
  /** @throws Error with Prometheus' words if it refuses the expression */
  readonly query: (expr: string) => Promise<Sample[]>;
  readonly stop: () => Promise<void>;
}

async function serveTarget({ scrape }: Target): Promise<Server> {
  const server = createServer((_request, response) => {
    void Promise.resolve(scrape()).then((text) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(text);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts Prometheus on targets of its own; resolves when it answers queries. */
export async function startPrometheus(targets: readonly Target[]): Promise<RunningPrometheus> {
  const servers = await Promise.all(targets.map(serveTarget));
  const folder = mkdtempSync(join(tmpdir(), 'tandem-prometheus-'));
  const config = {
    global: { scrape_interval: `${SCRAPE_MS}ms`, scrape_timeout: `${SCRAPE_MS}ms` },
    scrape_configs: targets.map(({ labels }, i) => ({
      job_name: `target-${i}`,
      static_configs: [{ targets: [`127.0.0.1:${(servers[i]!.address() as AddressInfo).port}`], labels }],
    })),
  };
  const file = join(folder, 'prometheus.yml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    PROGRAM!,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const isReady = async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true;
  while (child.exitCode === null && !(await isReady())) await delay(POLL_MS);
  return {
    async query(expr) {
      const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
      const body = (await answer.json()) as {
        error?: string;
        data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      if (body.data === undefined) throw new Error(`${expr}: ${body.error}`);
      return body.data.result.map(({ metric, value: [, text] }) => ({ metric, value: Number(text) }));
    },
    async stop() {
      child.kill();
      await ended;
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      rmSync(folder, { recursive: true });
    },
  };
}
