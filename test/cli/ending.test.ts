import { Command } from 'commander';

import { asksForJson, failureText, messageOf, printUsageErrors } from '../../cli/ending';

test('a failure is a line of text, or an event for a reader of JSON Lines', () => {
  expect(failureText('no such file', asksForJson(['train', 'latency']))).toBe('error: no such file');
  const json = failureText('a line\nand “another”', asksForJson(['train', '--json']));
  expect(json).not.toContain('\n');
  expect(JSON.parse(json)).toEqual({ event: 'error', message: 'a line\nand “another”' });
});

test('a package that is not installed is one line with the remedy', () => {
  const error = Object.assign(new Error("Cannot find module 'sharp'\nRequire stack:\n- cli/main.ts"), {
    code: 'MODULE_NOT_FOUND',
  });
  expect(messageOf(error)).toBe("node_modules is incomplete: run npm ci (Cannot find module 'sharp')");
  expect(messageOf(new Error('no such file'))).toBe('no such file');
});

/** What a subcommand writes to stderr when it gets an option that is not there. */
async function usageError(json: boolean): Promise<string> {
  const written: string[] = [];
  const program = printUsageErrors(new Command('tandem'), json)
    .exitOverride()
    .configureOutput({ writeErr: (text) => written.push(text) });
  program.command('train').action(() => undefined);
  await expect(program.parseAsync(['train', '--colour'], { from: 'user' })).rejects.toThrow('--colour');
  return written.join('');
}

test('so is a wrong option, with advice for a person only', async () => {
  expect(await usageError(false)).toBe("error: unknown option '--colour'\n(add --help for the options)\n");
  expect(await usageError(true)).toBe(
    `${JSON.stringify({ event: 'error', message: "unknown option '--colour'" })}\n`,
  );
});
