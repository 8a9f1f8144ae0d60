/** The arguments of a program that is run by hand: the comment at the head of its file is its help. */
import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The text of the comment with which a source begins; empty where it begins with something else. */
export function headComment(source: string): string {
  const [, comment = ''] = /^\/\*\*([\s\S]*?)\*\//.exec(source) ?? [];
  return comment.replaceAll(/^ *\* ?/gm, '').trim();
}

/**
 * Where the process was asked for `--help`, prints the help and ends the process with 0.
 *
 * @param file source of the program
 * @param more a paragraph below its comment
 */
export function answerHelp(file: string, more?: string): void {
  if (!process.argv.includes('--help')) return;
  const paragraphs = [headComment(readFileSync(file, 'utf8')), ...(more === undefined ? [] : [more])];
  console.log(paragraphs.join('\n\n'));
  process.exit(0);
}

/**
 * What a program was given. Answers `--help`; on an option that is not known, the process says so in a sentence and ends
 * with 1.
 *
 * @param file source of the program
 */
export function programArguments<const T extends ParseArgsConfig>(
  file: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  answerHelp(file);
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`error: ${(error as Error).message}; --help lists the options`);
    process.exit(1);
  }
}
