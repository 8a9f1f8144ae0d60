/**
 * What of the comparison this machine has: the peers' packages, tfjs-node, the CPU's number formats.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../../files/package-root';
import { hasTfjsNode } from '../../models/engines/tfjs';
import { type ServerName, serverOf } from './servers';

/** Whether the CPU multiplies bfloat16. */
export const hasBfloat16 = () => /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));

/** Folder of a peer's packages; empty for what this project has already. */
export function packagesDirOf(name: ServerName): string {
  const { requirements } = serverOf(name);
  return requirements === undefined ? '' : (process.env[`PEERS_${requirements.toUpperCase()}`] ?? '');
}

/** Why a server cannot be measured here; undefined if it can. */
export function whySkipped(name: ServerName): string | undefined {
  const { requirements } = serverOf(name);
  if (name === 'express' && !hasTfjsNode())
    return 'tfjs-node is not built: run npm run build:tfjs-node, then this command again';
  if (name === 'openvino-f32' && !hasBfloat16())
    return 'this CPU has no bfloat16, so that OpenVINO computes in float32 as it comes';
  if (requirements !== undefined && packagesDirOf(name) === '')
    return process.env[`PEERS_${requirements.toUpperCase()}_SKIPPED`] ?? 'it is not installed';
  return undefined;
}

/** The packages of this project with their versions, as `name==version`. */
function ownPackages(): string[] {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'optionalDependencies', Record<string, string>>;
  return Object.entries({ ...dependencies, ...optionalDependencies }).map((pair) => pair.join('=='));
}

/** `fastapi 0.1.0, uvicorn 0.2.0` of a server. */
export function packagesOf(name: ServerName): string {
  const { requirements, quoted } = serverOf(name);
  const file = join(PACKAGE_ROOT, `bench/peers/requirements/${requirements}.txt`);
  const lines = requirements === undefined ? ownPackages() : readFileSync(file, 'utf8').split('\n');
  return quoted
    .flatMap((wanted) => lines.filter((line) => line.startsWith(`${wanted}==`)))
    .map((line) => line.replace('==', ' '))
    .join(', ');
}
