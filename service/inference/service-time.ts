/**
 * Estimates how long work will take from earlier work of its kind. The queue's bound uses these estimates.
 */
import type { Work, WorkResult } from './protocol';

/** Weight of the newest measurement: about the last ten measurements matter. */
const WEIGHT = 0.2;
/**
 * The most that one measurement counts for, as a multiple of the estimate. One stall of the machine must not make the
 * queue look full; time that stays long is still learned, by at most 40 % per request.
 */
const MAX_MULTIPLE = 3;
/** An estimate below this grows as if it were this, milliseconds; else an estimate of 0 could not grow. */
const MIN_ESTIMATE_MS = 1;
/** Before the first measurement: a JPEG of 284 kB took 6 ms to decode on one core. */
const FIRST_DECODE = { ms: 6, bytes: 284_000 } as const;

/** A running average with the newest measurement in it. */
const blend = (before: number, now: number) => before + WEIGHT * (now - before);

/** Running estimates of one model's work. */
export class ServiceTimes {
  private decodeMs: number = FIRST_DECODE.ms;
  private decodeBytes: number = FIRST_DECODE.bytes;
  private overheadMs = 0;
  /** What images that fail slowly add to the mean image, of any size: what they cost does not grow with their bytes. */
  private failedMs = 0;

  /**
   * @param imageMs inference of one image, milliseconds
   */
  constructor(private imageMs: number) {}

  /** Estimated time in the model process, milliseconds. */
  estimateMs(work: Work): number {
    if (work.kind === 'infer') return work.batch * this.imageMs + this.overheadMs;
    const decodeMs = (work.image.length * this.decodeMs) / this.decodeBytes;
    return decodeMs + this.imageMs + this.overheadMs + this.failedMs;
  }

  /**
   * Learns from finished work.
   *
   * @param totalMs from sending the work to receiving its result
   */
  observe(
    work: Work,
    { decodeMs, inferenceMs }: Pick<WorkResult, 'decodeMs' | 'inferenceMs'>,
    totalMs: number,
  ): void {
    const maxMs = this.maxMs(work);
    const share = totalMs > maxMs ? maxMs / totalMs : 1;
    const blendMs = (beforeMs: number, nowMs: number) => blend(beforeMs, share * nowMs);
    if (work.kind === 'classify') {
      // Averages time and size separately: one tiny, slow file would distort an average of their ratio.
      this.decodeMs = blendMs(this.decodeMs, decodeMs);
      this.decodeBytes = blend(this.decodeBytes, work.image.length);
      this.imageMs = blendMs(this.imageMs, inferenceMs);
      this.failedMs = blend(this.failedMs, 0);
    } else this.imageMs = blendMs(this.imageMs, inferenceMs / work.batch);
    this.overheadMs = blendMs(this.overheadMs, Math.max(0, totalMs - decodeMs - inferenceMs));
  }

  /**
   * Learns from work that failed, which only an image in the decoder does. It can raise the estimate, but not lower it:
   * files that fail at once must not make the queue look empty.
   *
   * @param totalMs from sending the work to receiving its error
   */
  observeFailed(work: Work, totalMs: number): void {
    const estimateMs = this.estimateMs(work);
    if (work.kind !== 'classify' || totalMs <= estimateMs) return;
    const excessMs = Math.min(totalMs, this.maxMs(work)) - estimateMs;
    this.failedMs = blend(this.failedMs, this.failedMs + excessMs);
  }

  /** The most that one measurement of this work counts for, milliseconds. */
  private maxMs(work: Work): number {
    return MAX_MULTIPLE * Math.max(MIN_ESTIMATE_MS, this.estimateMs(work));
  }
}
