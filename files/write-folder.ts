/** Writes folders completely or not at all. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { temporaryOf } from './temporaries';
import { makeFolder, removeIfPossible } from './write';

function syncFiles(folder: string): void {
  for (const name of readdirSync(folder)) {
    const descriptor = openSync(join(folder, name), 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  }
}

/** Puts a folder in the place of another, which may be missing. */
function replace(folder: string, by: string): void {
  if (!existsSync(folder)) {
    renameSync(by, folder);
    return;
  }
  const replaced = temporaryOf(folder);
  renameSync(folder, replaced);
  try {
    renameSync(by, folder);
  } catch (error) {
    renameSync(replaced, folder);
    throw error;
  }
  removeIfPossible(replaced);
}

/**
 * Writes a folder of files completely or not at all: into a temporary folder beside it, synced to disk, which then takes its
 * place. Everything that was in the folder is gone afterwards. When anything fails, the temporary folder is removed and the
 * other one stays; a process that is killed between two renames leaves no folder, but never half of one.
 *
 * @param write writes the files into the folder that it is given
 */
export async function writeFolderAtomic(
  folder: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  makeFolder(dirname(folder));
  const temporary = temporaryOf(folder);
  try {
    mkdirSync(temporary);
    await write(temporary);
    syncFiles(temporary);
    replace(folder, temporary);
  } catch (error) {
    removeIfPossible(temporary);
    throw error;
  }
}
