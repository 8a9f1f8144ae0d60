/** What `tandem explain hpa --what-if` prints where each sync is decided again by itself. */
import type { Change } from '../bench/adviser/change';
import type { Recording, ReplayedSync } from '../bench/evidence/hpa-replay';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

/** Prints what other settings would have decided; the exit code is 1 if the recorded ones do not lead to the record. */
export function explainChange(recording: Recording, syncs: readonly ReplayedSync[], change: Change): void {
  const { replayChange, replayedChangeText } =
    require('../bench/adviser/replayed-change') as typeof import('../bench/adviser/replayed-change.js');
  const answer = replayChange(recording, syncs, change);
  console.log(replayedChangeText(answer));
  // After Ctrl-C the exit code is set already.
  if (answer.changed === undefined) process.exitCode ??= 1;
}
