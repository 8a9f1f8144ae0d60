/**
 * Runs one fault, judges it and says in one line what became of it.
 */
import { type Fault, type FaultId, FAULTS } from './faults';
import type { Pods, RunFault } from './pods';
import { fill } from './recorded';
import { type Form, NotHappened, play, type Played } from './stage';

const NOTICED = 'nothing was injected, and the fault was seen';

/** What a fault's run came to. */
export interface Judged {
  readonly isOk: boolean;
  readonly text: string;
  /** What is recorded: an error is a claim that does not hold, so that no older entry stays. */
  readonly played: Played;
}

/** Runs one fault. */
export async function runFault(
  id: FaultId,
  run: RunFault,
  form: Form,
  pods: Pods,
  interrupt?: AbortSignal,
): Promise<Judged> {
  const { measured }: Fault = FAULTS[id];
  try {
    const played = await play(form, (stage) => run(stage, pods), interrupt);
    const problem = await pods.check();
    if (problem !== undefined) played.broken.push(problem);
    if (form === 'self-check') return { isOk: false, text: NOTICED, played };
    const isOk = played.broken.length === 0;
    return { isOk, text: isOk ? fill(measured, played.figures) : played.broken.join('; '), played };
  } catch (error) {
    const isLeftOut = form === 'self-check' && error instanceof NotHappened;
    const { message } = error as Error;
    await pods.check();
    return {
      isOk: isLeftOut,
      text: isLeftOut ? 'not seen without the injection' : message,
      played: { broken: [message], figures: {} },
    };
  }
}
