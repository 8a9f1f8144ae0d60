import { Command } from 'commander';

import { asksForJson, failureText, ignoreBrokenPipe, messageOf, printUsageErrors } from '../../cli/ending';

test('a failure is a line of text, or an event for a reader of JSON Lines', () => {
  expect(failureText('no such file', asksForJson(['train', 'latency']))).toBe('error: no such file');
  const json = failureText('a line\nand “another”', asksForJson(['train', '--json']));
  expect(json).not.toContain('\n');
  expect(JSON.parse(json)).toEqual({ event: 'error', message: 'a line\nand “another”' });
});

test('output that no one can read any more is dropped, and any other error of it is thrown', () => {
  const before = process.stderr.listeners('error');
  ignoreBrokenPipe();
  try {
    const failed = (code: string) => () =>
      process.stderr.emit('error', Object.assign(new Error(code), { code }));
    expect(failed('EPIPE')).not.toThrow();
    // Of a terminal that was closed.
    expect(failed('EIO')).not.toThrow();
    expect(failed('ENOSPC')).toThrow('ENOSPC');
  } finally {
    for (const stream of [process.stdout, process.stderr])
      for (const listener of stream.listeners('error'))
        if (!before.includes(listener)) stream.off('error', listener as () => void);
  }
});

/** What `require` throws. */
const missing = (module: string, requiredBy: string) =>
  Object.assign(new Error(`Cannot find module '${module}'\nRequire stack:\n- ${requiredBy}`), {
    ...{ code: 'MODULE_NOT_FOUND', requireStack: [requiredBy] },
  });

test('a package that is not installed is one line with the remedy', () => {
  const error = missing('sharp', 'cli/main.ts');
  expect(messageOf(error)).toBe("node_modules is incomplete: run npm ci (Cannot find module 'sharp')");
  expect(messageOf(error, false)).toContain('is incomplete: install the package again (');
  expect(messageOf(new Error('no such file'))).toBe('no such file');
});

test('a missing file of a package is its fault, and a missing file of our own is none of node_modules', () => {
  expect(messageOf(missing('./lib', '/a/node_modules/sharp/index.js'))).toContain('run npm ci');
  const ours = missing('./train-action.js', '/a/cli/train.ts');
  expect(messageOf(ours)).toBe(ours.message);
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
