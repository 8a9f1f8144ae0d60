/** Users of a lab cluster: each has a bearer token and a kubeconfig in the cluster's folder. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import { certificateOf } from './lab-cluster';

/** Users that every control plane needs, with their groups. */
const CONTROL_PLANE_USERS = {
  admin: 'system:masters',
  'system:kube-controller-manager': '',
  'system:kube-scheduler': '',
} as const;

/** Path of a user's kubeconfig. */
export const kubeconfigOf = (folder: string, user: string): string =>
  `${folder}/${user.replace('system:', '').replaceAll(':', '-')}.kubeconfig`;

export interface Users {
  /** File for the API server's `--token-auth-file`. */
  readonly tokenFile: string;
  readonly adminToken: string;
}

/**
 * Writes the token file and one kubeconfig per user.
 *
 * @param server URL of the API server
 * @param more additional users and their groups
 */
export function addUsers(folder: string, server: string, more: Readonly<Record<string, string>> = {}): Users {
  const adminToken = randomUUID();
  const users = Object.entries({ ...CONTROL_PLANE_USERS, ...more }).map(([name, group]) => ({
    name,
    group,
    token: name === 'admin' ? adminToken : randomUUID(),
  }));
  const tokenFile = `${folder}/tokens.csv`;
  const lines = users.map(({ name, group, token }) => `${token},${name},${name},"${group}"`);
  writeFileSync(tokenFile, `${lines.join('\n')}\n`, { mode: 0o600 });
  for (const { name, token } of users) {
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'lab', cluster: { server, 'certificate-authority': certificateOf(folder) } }],
      users: [{ name, user: { token } }],
      contexts: [{ name: 'lab', context: { cluster: 'lab', user: name } }],
      'current-context': 'lab',
    };
    writeFileSync(kubeconfigOf(folder, name), JSON.stringify(kubeconfig), { mode: 0o600 });
  }
  return { tokenFile, adminToken };
}
