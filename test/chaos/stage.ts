/**
 * What a fault's run works with: it injects, sees that the fault happened, and claims what survived.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** `short` judges no times, since CI's machine is busy; `self-check` injects nothing. */
export type Form = 'short' | 'long' | 'self-check';

/** Thrown when a fault cannot be seen: then nothing is known about surviving it. */
export class NotHappened extends Error {}

/** A fault's run. */
export interface Stage {
  readonly form: Form;
  /** How often to repeat, or for how many seconds: the form decides. */
  choose(short: number, long: number): number;
  /** Injects the fault; the self-check leaves it out. */
  inject(action: () => unknown): Promise<void>;
  /**
   * Waits until the fault can be seen.
   *
   * @throws NotHappened after the timeout
   */
  seen(condition: () => boolean | Promise<boolean>, timeoutMs?: number): Promise<void>;
  /**
   * Waits for what the run needs, whether or not the fault was injected.
   *
   * @throws Error naming it after the timeout
   */
  waitFor(what: string, condition: () => boolean | Promise<boolean>, timeoutMs?: number): Promise<void>;
  /** Claims that something survived. */
  claim(sentence: string, holds: boolean): void;
  /** Claims a time; only the long form judges it. */
  claimTime(sentence: string, holds: boolean): void;
  /** Keeps a figure for the fault's row. */
  figure(name: string, value: number): void;
  /** Undoes something when the run ends, however it ends; the last comes first. */
  onEnd(undo: () => unknown): void;
}

/** What is left of a run. */
export interface Played {
  /** Claims that do not hold. */
  readonly broken: string[];
  readonly figures: Record<string, number>;
}

const POLL_INTERVAL_MS = 50;
/** Longer than a condition takes on a busy machine. */
const MAX_GAP_MS = 5_000;
const TIMEOUT_MS = 60_000;
/** Long enough for what would happen, if something else than the injection caused it. */
const SELF_CHECK_MS = 500;

/**
 * Waits for a condition; false after the timeout. A time in which the whole machine stood still counts only in part, since
 * nothing could happen in it.
 */
export async function within(
  timeoutMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<boolean> {
  let leftMs = timeoutMs;
  for (let lastMs = performance.now(); ;) {
    if (await condition()) return true;
    if (leftMs <= 0) return false;
    await sleep(POLL_INTERVAL_MS);
    const nowMs = performance.now();
    leftMs -= Math.min(MAX_GAP_MS, nowMs - lastMs);
    lastMs = nowMs;
  }
}

/**
 * Runs a fault once and undoes what it changed, also when it is interrupted. An error after the fault was seen is a claim that does not hold.
 *
 * @throws NotHappened if the fault was not seen, or the run ended without looking; any error from before that
 */
export async function play(
  form: Form,
  run: (stage: Stage) => Promise<void>,
  interrupt?: AbortSignal,
): Promise<Played> {
  const isSelfCheck = form === 'self-check';
  const played: Played = { broken: [], figures: {} };
  const undos: (() => unknown)[] = [];
  const undo = async () => {
    for (const last of undos.splice(0).reverse()) await last();
  };
  const onInterrupt = () => void undo();
  interrupt?.addEventListener('abort', onInterrupt);
  const seen = { wasSeen: false };
  const claim = (sentence: string, holds: boolean) => {
    if (!holds) played.broken.push(sentence);
  };
  const stage: Stage = {
    form,
    choose: (short, long) => (form === 'long' ? long : short),
    inject: async (action) => {
      if (!isSelfCheck) await action();
    },
    seen: async (condition, timeoutMs = TIMEOUT_MS) => {
      if (!(await within(isSelfCheck ? SELF_CHECK_MS : timeoutMs, condition)))
        throw new NotHappened('the fault did not happen');
      seen.wasSeen = true;
    },
    waitFor: async (what, condition, timeoutMs = TIMEOUT_MS) => {
      if (!(await within(timeoutMs, condition))) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    },
    claim,
    claimTime: (sentence, holds) => {
      if (form === 'long') claim(sentence, holds);
    },
    figure: (name, value) => (played.figures[name] = value),
    onEnd: (last) => undos.push(last),
  };
  try {
    await run(stage);
    if (!isSelfCheck && !seen.wasSeen) throw new NotHappened('the run ended without looking for the fault');
  } catch (error) {
    if (!seen.wasSeen || error instanceof NotHappened) throw error;
    played.broken.push((error as Error).message);
  } finally {
    interrupt?.removeEventListener('abort', onInterrupt);
    await undo();
  }
  return played;
}
