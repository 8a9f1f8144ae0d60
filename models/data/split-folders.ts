/**
 * Recognises the folders of a set's splits by the names that people and archives give them.
 */

export const SPLIT_NAMES = ['train', 'val', 'test'] as const;
export type SplitName = (typeof SPLIT_NAMES)[number];

/** The words that name each split, in lower case. */
const SPLIT_WORDS: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train', 'training'],
  val: ['val', 'valid', 'validation', 'validate', 'validating'],
  test: ['test', 'testing'],
};

/** What may follow the word, as in `training_set`. */
const SPLIT_SUFFIX = /[ _-]?(?:set|data|images|split)$/;

/** The split that a folder's name means, whatever its case; undefined for any other folder. */
export function splitOf(folder: string): SplitName | undefined {
  const word = folder.toLowerCase().replace(SPLIT_SUFFIX, '');
  return SPLIT_NAMES.find((split) => SPLIT_WORDS[split].includes(word));
}

/** Folders that systems add beside the user's. Those that begin with a dot are ignored too. */
export const SYSTEM_FOLDERS: readonly string[] = [
  '__MACOSX',
  '@eaDir',
  '$RECYCLE.BIN',
  'System Volume Information',
  'lost+found',
];
