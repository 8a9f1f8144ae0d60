/** Runs one subcommand in this process and collects what it prints. */
import { Command } from 'commander';

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  /** What the command left as the process' exit code; undefined if nothing. */
  readonly exitCode: typeof process.exitCode;
}

/**
 * @param add adds the subcommand to a program
 * @throws what the command throws, as `tandem` prints it
 */
export async function runCommand(
  add: (program: Command) => void,
  words: readonly string[],
): Promise<Printed> {
  const program = new Command('tandem');
  add(program);
  const all = [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)];
  for (const each of all) each.exitOverride().configureOutput({ writeErr: () => undefined });
  const printed: string[] = [];
  const noted: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  const error = jest.spyOn(console, 'error').mockImplementation((text: string) => void noted.push(text));
  const before = process.exitCode;
  try {
    process.exitCode = undefined;
    await program.parseAsync(words, { from: 'user' });
    return { stdout: printed.join('\n'), stderr: noted.join('\n'), exitCode: process.exitCode };
  } finally {
    process.exitCode = before;
    log.mockRestore();
    error.mockRestore();
  }
}
