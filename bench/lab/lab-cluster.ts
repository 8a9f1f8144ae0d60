/** A running lab cluster and how to talk to its API server. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

/** Plain data, so that Jest's set-up can pass it to the suites as JSON. */
export interface LabCluster {
  /** Folder of the Kubernetes programs. */
  readonly bin: string;
  /** Temporary folder of all state, certificates and logs. */
  readonly folder: string;
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Address of the API server. */
  readonly address: string;
  readonly apiPort: number;
  /** The administrator's bearer token. */
  readonly token: string;
  /** Port where the metrics API, or its stand-in, must listen. */
  readonly metricsPort: number;
}

/** Path of the API server's self-signed certificate. */
export const certificateOf = (folder: string): string => `${folder}/certs/apiserver.crt`;

/** Sends GET to a path of the API server as the administrator. */
export function get(cluster: LabCluster, path: string): Promise<{ status: number; body: string }> {
  const { address, apiPort, token, folder } = cluster;
  const certificate = certificateOf(folder);
  return new Promise((resolve, reject) => {
    const options = {
      host: address,
      port: apiPort,
      path,
      ca: existsSync(certificate) ? readFileSync(certificate) : undefined,
      headers: { authorization: `Bearer ${token}` },
    };
    request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    })
      .once('error', reject)
      .end();
  });
}

/** Gets a path as the administrator and parses the JSON; an error yields Kubernetes' `Status` object. */
export async function getJson(cluster: LabCluster, path: string): Promise<any> {
  return JSON.parse((await get(cluster, path)).body);
}

/** Runs kubectl as the administrator. */
export function kubectl(
  { bin, kubeconfig }: Pick<LabCluster, 'bin' | 'kubeconfig'>,
  args: readonly string[],
  input?: string,
): Promise<{ stdout: string; stderr: string; code: number }> {
  return new Promise((resolve) => {
    const child = execFile(
      join(bin, 'kubectl'),
      ['--kubeconfig', kubeconfig, ...args],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : 1;
        resolve({ stdout, stderr, code });
      },
    );
    child.stdin!.end(input);
  });
}

/**
 * Runs kubectl as the administrator and returns its output.
 *
 * @throws Error with kubectl's own message
 */
export async function must(
  cluster: Pick<LabCluster, 'bin' | 'kubeconfig'>,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const { stdout, stderr, code } = await kubectl(cluster, args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
