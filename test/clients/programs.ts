/** Clients with a program of their own, in Python, Go or JavaScript, which prints one line of JSON per case. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { execute, type ExecuteOptions, succeed } from './execute';
import type { Outcome, RunClient } from './outcome';
import type { Service } from './service';

const PYTHON = join(__dirname, 'python');

/** The lines of a program; if it ends before them, one failed outcome says why. */
async function outcomesOf(
  { env }: Service,
  command: string,
  args: readonly string[],
  options: ExecuteOptions = {},
): Promise<readonly Outcome[]> {
  const { code, stdout, stderr } = await execute(command, args, {
    ...options,
    env: { ...env, ...options.env },
  });
  const outcomes = stdout
    .split('\n')
    .filter((line) => line.startsWith('{"'))
    .map((line) => JSON.parse(line) as Outcome);
  if (code === 0) return outcomes;
  return [...outcomes, { case: 'start', ok: false, why: `it ended with ${code}: ${stderr.slice(-600)}` }];
}

/** A Python program in test/clients/python. */
export const python =
  (script: string): RunClient =>
  (service, folder) =>
    outcomesOf(service, join(folder, 'bin', 'python'), [join(PYTHON, script)], {
      env: { PYTHONDONTWRITEBYTECODE: '1' },
    });

/** Writes the service's own document, as any client gets it. */
export async function writeDocument({ url, dir }: Service): Promise<string> {
  const path = join(dir, 'openapi.json');
  writeFileSync(path, await (await fetch(`${url}/openapi.json`)).text());
  return path;
}

export const generatedPython: RunClient = async (service, folder) => {
  const target = join(service.dir, 'python', 'generated_api');
  const document = await writeDocument(service);
  const generate = ['generate', '--path', document, '--output-path', target, '--meta', 'none'];
  await succeed(join(folder, 'bin', 'openapi-python-client'), generate);
  return outcomesOf(service, join(folder, 'bin', 'python'), [join(PYTHON, 'generated_client.py')], {
    env: { PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: join(service.dir, 'python') },
  });
};

/** A copy of the Go module, so that nothing is generated into the project. */
function goModule({ dir }: Service, name: string): string {
  const target = join(dir, name);
  cpSync(join(__dirname, 'go'), target, { recursive: true });
  return target;
}

export const go: RunClient = async (service) =>
  outcomesOf(service, 'go', ['run', './form'], { cwd: goModule(service, 'go') });

export const generatedGo: RunClient = async (service, folder) => {
  const cwd = goModule(service, 'go-generated');
  const document = await writeDocument(service);
  const generate = ['-package', 'api', '-generate', 'types,client', document];
  const code = await succeed(join(folder, 'bin', 'oapi-codegen'), generate);
  mkdirSync(join(cwd, 'api'));
  writeFileSync(join(cwd, 'api', 'api.go'), code);
  return outcomesOf(service, 'go', ['run', './generated'], { cwd });
};

export const nodeFetch: RunClient = (service) =>
  outcomesOf(service, process.execPath, [join(__dirname, 'node', 'fetch.mjs')]);
