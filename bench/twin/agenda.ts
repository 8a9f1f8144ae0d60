/** What happens at which time: few entries, taken in their order; those of the same time in the order of their entry. */

export interface Agenda {
  readonly add: (atMs: number, action: (atMs: number) => void) => void;
  /** Runs everything that is due until a time, that time included. */
  readonly runUntil: (untilMs: number) => void;
  /** When the next entry is due; Infinity if there is none. */
  readonly nextMs: () => number;
}

export function agenda(): Agenda {
  /** Latest first, so that taking the next one moves none. */
  const entries: { atMs: number; action: (atMs: number) => void }[] = [];
  const nextMs = () => entries.at(-1)?.atMs ?? Infinity;
  return {
    nextMs,
    add(atMs, action) {
      let [low, high] = [0, entries.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (entries[middle]!.atMs > atMs) low = middle + 1;
        else high = middle;
      }
      entries.splice(low, 0, { atMs, action });
    },
    runUntil(untilMs) {
      while (nextMs() <= untilMs) {
        const { atMs, action } = entries.pop()!;
        action(atMs);
      }
    },
  };
}
