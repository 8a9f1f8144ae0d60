/**
 * What commander's errors lack: which of several is printed first, and the values that a reader may have meant.
 */
import type { Command, Option } from 'commander';

const REQUIRED = new WeakSet<Option>();

/** Whether a command cannot run without an option. */
export const isRequired = (option: Option): boolean => option.mandatory || REQUIRED.has(option);

const withSubcommands = (command: Command): Command[] => [
  command,
  ...command.commands.flatMap((each) => withSubcommands(each)),
];

/** Values for an argument: those it may have, or else what it is. */
function valuesOf(command: Command, name: string): string | undefined {
  const found = command.registeredArguments.find((argument) => argument.name() === name);
  const choices = found?.argChoices;
  if (choices === undefined) return found?.description;
  return choices.length === 1 ? `the only one is ${choices[0]}` : `one of ${choices.join(', ')}`;
}

/** Commander's error with the options whose names end like an unknown one, or the values of a missing argument. */
export function withHint(text: string, command: Command): string {
  const unknown = /^error: unknown option '-(-[^']+)'\s*$/.exec(text)?.[1];
  if (unknown !== undefined) {
    const longer = command.options.flatMap(({ long }) => (long?.endsWith(unknown) ? [long] : []));
    return longer.length === 0 ? text : `${text.trimEnd()}\n(Did you mean ${longer.join(' or ')}?)\n`;
  }
  const argument = /^error: missing required argument '([^']+)'\s*$/.exec(text)?.[1];
  const values = argument === undefined ? undefined : valuesOf(command, argument);
  return values === undefined ? text : `${text.trimEnd()}: ${values}\n`;
}

/**
 * Makes every command of a program check its required options last: commander itself hides an unknown option or a wrong
 * argument behind one that is missing. Adds {@link withHint} to what it prints. Call it when all commands are there.
 */
export function improveUsageErrors(program: Command): Command {
  for (const command of withSubcommands(program)) {
    // What it returns is replaced below, not changed.
    const inherited = command.configureOutput();
    command.configureOutput({
      outputError: (text, write) => inherited.outputError!(withHint(text, command), write),
    });
    for (const option of command.options.filter(({ mandatory }) => mandatory)) {
      option.mandatory = false;
      REQUIRED.add(option);
    }
  }
  return program.hook('preAction', (_program, command) => {
    const missing = command.options.find(
      (option) => REQUIRED.has(option) && command.getOptionValue(option.attributeName()) === undefined,
    );
    if (missing !== undefined) {
      command.error(`error: required option '${missing.flags}' not specified`, {
        code: 'commander.missingMandatoryOptionValue',
      });
    }
  });
}
