/**
 * `tandem completion`: prints a script that completes the commands, options and choices in bash.
 */
import type { Command, Option } from 'commander';

/** A command with the words before it, such as `bench load`; the program itself has none. */
interface Place {
  readonly words: string;
  readonly command: Command;
}

function placesIn(command: Command, words = ''): Place[] {
  const below = command.commands.flatMap((each) =>
    placesIn(each, words === '' ? each.name() : `${words} ${each.name()}`),
  );
  return [{ words, command }, ...below];
}

const flagsOf = ({ short, long }: Option): string[] =>
  [short, long].filter((flag): flag is string => flag !== undefined);

/** One row of a `case` of bash: what follows the words before. */
const row = (patterns: readonly string[], statement: string) =>
  `    ${patterns.map((pattern) => `'${pattern}'`).join('|')}) ${statement} ;;`;
const candidates = (words: readonly string[]) => `words='${words.join(' ')}'`;

/** What may follow a command: its subcommands, its options, and the choices of its arguments. */
const inCommand = ({ words, command }: Place) =>
  row(
    [words],
    candidates([
      ...command.commands.map((each) => each.name()),
      ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
      ...command.options.map((option) => flagsOf(option).at(-1)!),
      '--help',
    ]),
  );

/** What may follow an option with a value: its choices, or any file. */
const afterOptions = ({ words, command }: Place) =>
  command.options
    .filter(({ required, optional }) => required || optional)
    .map((option) =>
      row(
        flagsOf(option).map((flag) => `${words} ${flag}`),
        candidates(option.argChoices ?? []),
      ),
    );

/**
 * The script, for the program and everything below it. Where there is no candidate, bash completes the names of files.
 */
export function completionScript(program: Command): string {
  const places = placesIn(program);
  const below = places.filter(({ words }) => words !== '').map(({ words }) => `'${words}'`);
  const name = program.name();
  return `_${name}() {
  local command='' longer index words=''
  for ((index = 1; index < COMP_CWORD; index++)); do
    longer="\${command:+$command }\${COMP_WORDS[index]}"
    case "$longer" in ${below.join('|')}) command="$longer" ;; esac
  done
  case "$command \${COMP_WORDS[COMP_CWORD-1]}" in
${places.flatMap(afterOptions).join('\n')}
    *) case "$command" in
${places.map(inCommand).join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${name} ${name}
`;
}

/** Adds the command, which completes the program that it is added to. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes the commands and options of tandem in bash')
    .addHelpText(
      'after',
      "\nExample: alias tandem='npx tandem'; source <(npx tandem completion)\nAdd both to ~/.bashrc to keep them.",
    )
    .action(() => {
      process.stdout.write(completionScript(program));
    });
}
