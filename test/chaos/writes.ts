/**
 * Kills a program while it writes a file, as `tandem train` writes its checkpoints and every tool its documents.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { removeTemporaries } from '../../files/temporaries';
import { writeFileAtomic } from '../../files/write';
import { seededRandom } from '../../statistics/seeded-random';
import type { RunFault } from './pods';
import { temporaryFolder } from './spawn-service';

const SEED = 17;
const BYTES = 16_000_000;
const MAX_DELAY_MS = 100;

/** Whether a file is one of the contents that were written, from end to end. */
const isWhole = (contents: Buffer) =>
  contents.length === BYTES && contents.equals(Buffer.alloc(BYTES, contents[0]));

export const writeKilled: RunFault = async (stage) => {
  const folder = temporaryFolder(stage);
  const file = join(folder, 'file');
  writeFileAtomic(file, Buffer.alloc(BYTES, 1));
  const random = seededRandom(SEED, 'write-killed');
  const least = stage.choose(5, 100);
  let [kills, halves, damaged] = [0, 0, 0];
  // More often, should all have hit the moment between two writes.
  for (; kills < least || (halves === 0 && kills < 3 * least); kills++) {
    const writer = fork(join(__dirname, 'write-forever.ts'), [file, String(BYTES)], {
      execArgv: ['--import', pathToFileURL(require.resolve('tsx')).href],
    });
    stage.onEnd(() => writer.kill('SIGKILL'));
    await once(writer, 'message');
    await sleep(MAX_DELAY_MS * random.uniform());
    await stage.inject(() => writer.kill('SIGKILL'));
    await stage.seen(() => writer.signalCode === 'SIGKILL');
    if (!isWhole(readFileSync(file))) damaged++;
    if (readdirSync(folder).some((name) => name.endsWith('.tmp'))) halves++;
    removeTemporaries(folder);
  }
  await stage.seen(() => halves > 0, 0);
  for (const [name, value] of Object.entries({ kills, halves, damaged })) stage.figure(name, value);
  stage.claim(`the file is whole after each kill: ${damaged} are not`, damaged === 0);
  const left = readdirSync(folder).length;
  stage.claim(`the next start removes what was half written: ${left} files`, left === 1);
};
