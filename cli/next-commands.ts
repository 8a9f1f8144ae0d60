/**
 * The commands that come next for saved models. Pure functions.
 */
import { shellWord } from '../models/report/model-facts';

/** Serve them, classify an image with the first, build their container image. */
export function nextCommands(folders: readonly string[]): string[] {
  const words = folders.map(shellWord);
  return [
    `npx tandem serve ${words.join(' ')}`,
    `npx tandem predict ${words[0]} IMAGE`,
    `npm run image -- ${words.join(' ')}`,
  ];
}

/** The same as lines to print. */
export const nextLines = (folders: readonly string[]): string[] => [
  'Next:',
  ...nextCommands(folders).map((command) => `  ${command}`),
];
