/** Proxies in front of the service, each started from its Debian package on a free port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { LIMITS } from '../../service/contract';
import { succeed } from './execute';
import { expectClass, type RunClient, runChecks } from './outcome';
import type { Service } from './service';

/** Half a minute, for a busy machine. */
const READY_TRIES = 300;
const READY_INTERVAL_MS = 100;

/** Folders of a package's libraries, such as `usr/lib/x86_64-linux-gnu`. */
const librariesOf = (folder: string) =>
  readdirSync(join(folder, 'usr', 'lib'))
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join(folder, 'usr', 'lib', name))
    .join(':');

/** How to start a proxy with a configuration that changes as little of its defaults as possible. */
interface Proxy {
  readonly program: string;
  readonly config: (port: number, servicePort: number, dir: string) => string;
  readonly args: (config: string, dir: string) => readonly string[];
}

const nginx = (isStreaming: boolean): Proxy => ({
  program: 'usr/sbin/nginx',
  // Without client_max_body_size 0 nginx itself answers 413 above 1 MB.
  config: (port, servicePort, dir) => `
    daemon off; master_process off; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
    events {}
    http {
      access_log off; client_max_body_size 0;
      client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
      uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://127.0.0.1:${servicePort};
          proxy_request_buffering ${isStreaming ? 'off' : 'on'};
          ${isStreaming ? 'proxy_http_version 1.1;' : ''}
        }
      }
    }`,
  args: (config, dir) => ['-c', config, '-p', dir, '-e', join(dir, 'error.log')],
});

const HAPROXY: Proxy = {
  program: 'usr/sbin/haproxy',
  config: (port, servicePort) => `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port}
  default_backend service
backend service
  server one 127.0.0.1:${servicePort}
`,
  args: (config) => ['-db', '-f', config],
};

const CADDY: Proxy = {
  program: 'usr/bin/caddy',
  config: (port, servicePort) => `
{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${servicePort}
}
`,
  args: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function start(proxy: Proxy, service: Service, folder: string, dir: string) {
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  const config = join(dir, 'config');
  writeFileSync(config, proxy.config(port, service.port, dir));
  const child: ChildProcess = spawn(join(folder, proxy.program), proxy.args(config, dir), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      HOME: dir,
      XDG_DATA_HOME: dir,
      XDG_CONFIG_HOME: dir,
      LD_LIBRARY_PATH: librariesOf(folder),
    },
  });
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < READY_TRIES; tries++) {
    const response = await fetch(`${url}/v2/health/ready`).catch(() => undefined);
    if (response?.status === 200) return { url, stop: () => child.kill() };
    await new Promise((resolve) => setTimeout(resolve, READY_INTERVAL_MS));
  }
  child.kill();
  throw new Error(`${proxy.program} does not answer: ${said.slice(-600)}`);
}

/** Above every limit. */
const FAR_TOO_LARGE_BYTES = 4 * LIMITS.formBytes;

/** curl's options for a quiet transfer without waiting for `100 Continue`. */
const CURL = ['-s', '-S', '--noproxy', '*', '-H', 'Expect:'];

const proxied =
  (name: string, proxy: Proxy): RunClient =>
  async (service, folder) => {
    const { url, stop } = await start(proxy, service, folder, join(service.dir, name));
    const classify = `${url}/v1/classify?model=${service.env['MODEL']}`;
    const image = async () => {
      const jpeg = service.env['IMAGE_JPEG']!;
      expectClass(await succeed('curl', [...CURL, '--data-binary', `@${jpeg}`, classify]), service);
    };
    const bodyOf = (bytes: number) => {
      const path = join(service.dir, `zeros-${bytes}`);
      writeFileSync(path, Buffer.alloc(bytes));
      return path;
    };
    const expect413 = async (...args: readonly string[]) => {
      const status = await succeed('curl', [
        ...CURL,
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        ...args,
        classify,
      ]);
      if (status !== '413') throw new Error(`expected 413, received ${status}`);
    };
    try {
      return await runChecks({
        image,
        above_image: async () => {
          const path = bodyOf(LIMITS.imageBytes + 1);
          await expect413('--data-binary', `@${path}`);
          await expect413('-X', 'POST', '-H', 'Transfer-Encoding: chunked', '-T', path);
        },
        above_form: () => expect413('-F', `image=@${bodyOf(LIMITS.formBytes + 1)}`),
        above_every_limit: () => expect413('--data-binary', `@${bodyOf(FAR_TOO_LARGE_BYTES)}`),
        afterwards: image,
      });
    } finally {
      stop();
    }
  };

export const nginxBuffered = proxied('nginx', nginx(false));
export const nginxStreaming = proxied('nginx-streaming', nginx(true));
export const haproxy = proxied('haproxy', HAPROXY);
export const caddy = proxied('caddy', CADDY);
