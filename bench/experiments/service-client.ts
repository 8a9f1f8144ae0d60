/**
 * Sends images to a service that may be overloaded.
 */
import { PATHS } from '../../service/contract';
import { runLoad } from '../load/generator';
import type { RunDocument } from '../load/run-document';

/** More connections than the service queues requests. */
export const OVERLOAD_CONNECTIONS = 1_024;
/** Longer than the service's own timeout. */
export const REQUEST_TIMEOUT_MS = 20_000;

/** The load of an overload, and what a service promises under it. */
export const OVERLOAD = {
  /** Times the peak, which this many clients measure in a closed loop. */
  factor: 3,
  peakClients: 8,
  minThroughputPercentOfPeak: 90,
  maxRefusalMs: 250,
} as const;

/** A function that posts one image to a service, in the form of `--load`, over a number of kept connections. */
export const imageSender =
  (serviceUrl: string, file: string, seed = 1) =>
  (load: string, connections: number): Promise<RunDocument> =>
    runLoad({
      url: `${serviceUrl}${PATHS.classify}`,
      ...{ load, connections: `kept:${connections}`, timeoutMs: REQUEST_TIMEOUT_MS },
      ...{ images: [{ file }], seed },
    });
