/** Runs a program to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

const TIMEOUT_MS = 300_000;

/** Environment, input and folder of a program. */
export interface ExecuteOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** File of the standard input. */
  readonly input?: string;
  readonly cwd?: string;
}

/** What a program wrote, and how it ended. */
export interface Executed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program without blocking: the service runs in this process. */
export async function execute(
  command: string,
  args: readonly string[],
  { env = {}, input, cwd }: ExecuteOptions = {},
): Promise<Executed> {
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r');
  const child = spawn(command, args, {
    stdio: [stdin, 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: TIMEOUT_MS,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout!.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (typeof stdin === 'number') closeSync(stdin);
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** Runs a program that must succeed. */
export async function succeed(...args: Parameters<typeof execute>): Promise<string> {
  const { code, stdout, stderr } = await execute(...args);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${(stderr || stdout).slice(-600)}`);
  return stdout;
}
