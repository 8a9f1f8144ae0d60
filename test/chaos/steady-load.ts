/**
 * A steady load beside a fault, far below what a pod can handle.
 */
import { startLoad } from '../pods/load';
import { CLASSIFY, clientOf, IMAGE_FILE } from './pods';
import type { Stage } from './stage';

const PER_SECOND = 5;
const ANSWERED = 'inference_request_duration_seconds_count';

/** What a load came to. */
export interface Counts {
  readonly due: number;
  /** 503 with `Retry-After`. */
  readonly refused: number;
  /** Neither answered right nor refused. */
  readonly failed: number;
  readonly failures: string;
}

/** Starts the load and waits for its first answers; the returned function ends it. */
export async function steadyLoad(stage: Stage, url: string): Promise<() => Promise<Counts>> {
  const { metric } = clientOf(url);
  const before = await metric(ANSWERED);
  const stop = startLoad(`${url}${CLASSIFY}`, IMAGE_FILE, PER_SECOND);
  stage.onEnd(stop);
  await stage.waitFor('the load is answered', async () => (await metric(ANSWERED)) > before);
  return async () => {
    const { sent, answered, failures } = await stop();
    const refused = failures['refused'] ?? 0;
    return { due: sent, refused, failed: sent - answered - refused, failures: JSON.stringify(failures) };
  };
}

/** Fewer requests say nothing about the others. */
const LEAST_DUE = 20;

/** Claims that every request of a load was answered right, and that there were enough of them. */
export function claimNoneFailed(
  stage: Pick<Stage, 'claim' | 'figure'>,
  { due, refused, failed, failures }: Counts,
): void {
  stage.figure('due', due);
  stage.figure('failed', failed + refused);
  stage.claim(`the steady load has at least ${LEAST_DUE} requests: ${due}`, due >= LEAST_DUE);
  stage.claim(`no request of the steady load fails: ${failures}`, failed + refused === 0);
}
