/**
 * Loads as data, with their text form for the command line.
 */
import { splitLoad } from './load-text';
import { readTrace, type Trace } from './trace';

/** Bounds of one run; a load above them is refused. */
export const MAX_REQUESTS = 1_000_000;
export const MAX_SECONDS = 86_400;
export const MAX_RATE_PER_SECOND = 10_000;
export const MAX_CLIENTS = 1_000;
/** Requests that may wait for an answer at once; one that is due above that is not sent, which makes a run invalid. */
export const MAX_IN_FLIGHT = 4_096;

/** Open loops: requests are sent when they are due, whether or not earlier ones were answered. */
export type OpenLoad =
  | { readonly kind: 'constant' | 'poisson'; readonly ratePerSecond: number; readonly seconds: number }
  /** Poisson arrivals, `stepSeconds` at each rate. */
  | { readonly kind: 'steps'; readonly ratesPerSecond: readonly number[]; readonly stepSeconds: number }
  /** Poisson arrivals whose rate changes linearly. */
  | {
      readonly kind: 'ramp';
      readonly fromPerSecond: number;
      readonly toPerSecond: number;
      readonly seconds: number;
    }
  /** Poisson arrivals at a base rate, and at the peak rate for `spikeSeconds` in the middle. */
  | {
      readonly kind: 'spike';
      readonly basePerSecond: number;
      readonly peakPerSecond: number;
      readonly seconds: number;
      readonly spikeSeconds: number;
    }
  /** Poisson arrivals; one period of a cosine from trough to peak and back. */
  | {
      readonly kind: 'diurnal';
      readonly troughPerSecond: number;
      readonly peakPerSecond: number;
      readonly seconds: number;
    }
  /** A recorded count per bin, scaled; the arrivals of a bin are uniform in it. */
  | { readonly kind: 'trace'; readonly trace: Trace; readonly scale: number };

/** Closed loops: each client sends its next request when the one before is answered. */
export interface ClosedLoad {
  readonly kind: 'closed';
  readonly clients: number;
  readonly seconds: number;
}

export type Load = OpenLoad | ClosedLoad;

/** The text form of each kind, for help texts and errors. */
export const LOAD_FORMS = [
  ['constant:20:60s', '20 requests per second, evenly spaced, for 60 s'],
  ['poisson:20:60s', '20 per second on average, at random times'],
  ['steps:10,20,40:60s', '60 s at each rate'],
  ['ramp:5-50:2m', 'from 5 to 50 per second in 2 minutes'],
  ['spike:10-80:5m:30s', '5 minutes at 10 per second, with 30 s at 80 in the middle'],
  ['diurnal:10-50:10m', 'one day’s curve from 10 up to 50 per second and back in 10 minutes'],
  ['trace:FILE.csv:COLUMN:peak=50', 'a recorded trace, scaled to its peak or mean (mean=20) per second'],
  ['trace:FILE.csv:COLUMN:peak=50:540-660', 'the same, but only rows 540 to 660'],
  ['closed:8:60s', '8 clients; each sends its next request when its previous one is answered'],
] as const;

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

/**
 * Reads a duration such as `500ms`, `60s`, `2m` or `1h` and returns seconds.
 *
 * @throws RangeError if the text is not a duration
 */
export function parseSeconds(text: string): number {
  const [, value, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const seconds = unit === 'ms' ? Number(value) / 1000 : Number(value) * (UNIT_SECONDS[unit!] ?? NaN);
  if (!(seconds > 0)) {
    // A bare number lacks its unit only.
    const unitHint = Number(text) > 0 ? `: add its unit, as in ${text}s or ${text}ms` : '';
    throw new RangeError(`a duration must look like 500ms, 60s, 2m or 1h, received "${text}"${unitHint}`);
  }
  return seconds;
}

function rate(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || text === '' || !(value > 0 && value <= MAX_RATE_PER_SECOND)) {
    throw new RangeError(
      `a rate must be above 0 and at most ${MAX_RATE_PER_SECOND} per second, received "${text ?? ''}"`,
    );
  }
  return value;
}

function duration(text: string | undefined): number {
  const seconds = parseSeconds(text ?? '');
  if (seconds > MAX_SECONDS) {
    throw new RangeError(`a duration must be at most ${MAX_SECONDS} s, received "${text}"`);
  }
  return seconds;
}

/** Two rates, such as `10-80`. */
function rates(text: string | undefined): [number, number] {
  const [from, to, ...rest] = (text ?? '').split('-');
  if (rest.length > 0) throw new RangeError(`two rates must look like 10-80, received "${text}"`);
  return [rate(from), rate(to)];
}

function clients(text: string | undefined): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MAX_CLIENTS) {
    throw new RangeError(`clients must be a whole number from 1 to ${MAX_CLIENTS}, received "${text ?? ''}"`);
  }
  return value;
}

/** Reads `FILE:COLUMN:peak=50[:FROM-TO]`. */
function traceLoad([file = '', column = '', target = '', rows, ...rest]: readonly string[]): Load {
  const [, kind, value] = /^(mean|peak)=(.+)$/.exec(target) ?? [];
  const [, first, last] = /^(\d+)-(\d+)$/.exec(rows ?? '0-999999999') ?? [];
  if (kind === undefined || first === undefined || rest.length > 0) {
    throw new RangeError(`a trace must look like FILE:COLUMN:peak=50 or FILE:COLUMN:mean=20:0-60`);
  }
  const trace = readTrace(file, column, Number(first), Number(last));
  const total = trace.counts.reduce((sum, count) => sum + count, 0);
  const perBin = kind === 'mean' ? total / trace.counts.length : Math.max(...trace.counts);
  if (perBin === 0) throw new RangeError(`column ${column} of ${file} must have requests in these rows`);
  return { kind: 'trace', trace, scale: (rate(value) * trace.binSeconds) / perBin };
}

/** Read the fields of each kind; {@link parseLoad} refuses extra fields. */
const READERS: Readonly<Record<string, (fields: readonly string[]) => Load>> = {
  constant: ([r, s]) => ({ kind: 'constant', ratePerSecond: rate(r), seconds: duration(s) }),
  poisson: ([r, s]) => ({ kind: 'poisson', ratePerSecond: rate(r), seconds: duration(s) }),
  steps: ([list, s]) => ({
    kind: 'steps',
    ratesPerSecond: (list ?? '').split(',').map(rate),
    stepSeconds: duration(s),
  }),
  ramp: ([pair, s]) => {
    const [fromPerSecond, toPerSecond] = rates(pair);
    return { kind: 'ramp', fromPerSecond, toPerSecond, seconds: duration(s) };
  },
  spike: ([pair, s, spike]) => {
    const [basePerSecond, peakPerSecond] = rates(pair);
    const [seconds, spikeSeconds] = [duration(s), duration(spike)];
    if (spikeSeconds >= seconds)
      throw new RangeError(`a spike must be shorter than its run, received ${spike} of ${s}`);
    return { kind: 'spike', basePerSecond, peakPerSecond, seconds, spikeSeconds };
  },
  diurnal: ([pair, s]) => {
    const [troughPerSecond, peakPerSecond] = rates(pair);
    return { kind: 'diurnal', troughPerSecond, peakPerSecond, seconds: duration(s) };
  },
  trace: traceLoad,
  closed: ([c, s]) => ({ kind: 'closed', clients: clients(c), seconds: duration(s) }),
};

const FIELDS: Readonly<Record<string, number>> = { spike: 3, trace: 4 };

/**
 * Reads a load in the form of {@link LOAD_FORMS}.
 *
 * @throws RangeError if it is malformed or above the bounds; Error if a trace cannot be read
 */
export function parseLoad(text: string): Load {
  const [kind, ...fields] = splitLoad(text);
  const read = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  const forms = LOAD_FORMS.map(([form]) => form).join(', ');
  if (read === undefined || fields.length > (FIELDS[kind] ?? 2))
    throw new RangeError(`--load must look like one of ${forms}; received "${text}"`);
  let load: Load;
  try {
    load = read(fields);
  } catch (cause) {
    throw new RangeError(`--load ${text}: ${(cause as Error).message}`, { cause });
  }
  if (load.kind !== 'closed') checkSize(load, `--load ${text}`);
  return load;
}

/**
 * Refuses a load that one run cannot send.
 *
 * @param name what the error begins with
 * @param remedy what it ends with
 * @throws RangeError if it is longer, or has more requests, than a run may have
 */
export function checkSize(load: OpenLoad, name: string, remedy = 'lower the rate or the duration'): void {
  const expected = meanRequests(load);
  // Half the bound: a drawn schedule may have more requests than expected.
  if (expected > MAX_REQUESTS / 2 || durationSeconds(load) > MAX_SECONDS) {
    throw new RangeError(
      `${name}: a run must have at most ${MAX_REQUESTS / 2} requests in ${MAX_SECONDS} s, ` +
        `received ${Math.round(expected)} in ${durationSeconds(load)} s: ${remedy}`,
    );
  }
}

/** Length of a load's schedule in seconds. */
export function durationSeconds(load: Load): number {
  if (load.kind === 'steps') return load.ratesPerSecond.length * load.stepSeconds;
  if (load.kind === 'trace') return load.trace.counts.length * load.trace.binSeconds;
  return load.seconds;
}

/** Intended rate at a time, in requests per second. */
export function rateAt(load: OpenLoad, atSeconds: number): number {
  switch (load.kind) {
    case 'constant':
    case 'poisson':
      return load.ratePerSecond;
    case 'steps':
      return load.ratesPerSecond[Math.floor(atSeconds / load.stepSeconds)] ?? 0;
    case 'ramp':
      return load.fromPerSecond + ((load.toPerSecond - load.fromPerSecond) * atSeconds) / load.seconds;
    case 'spike': {
      const from = (load.seconds - load.spikeSeconds) / 2;
      return atSeconds >= from && atSeconds < from + load.spikeSeconds
        ? load.peakPerSecond
        : load.basePerSecond;
    }
    case 'diurnal': {
      const swing = (1 - Math.cos((2 * Math.PI * atSeconds) / load.seconds)) / 2;
      return load.troughPerSecond + (load.peakPerSecond - load.troughPerSecond) * swing;
    }
    case 'trace': {
      const count = load.trace.counts[Math.floor(atSeconds / load.trace.binSeconds)] ?? 0;
      return (count * load.scale) / load.trace.binSeconds;
    }
  }
}

/** Expected number of requests. */
export function meanRequests(load: OpenLoad): number {
  switch (load.kind) {
    case 'constant':
    case 'poisson':
      return load.ratePerSecond * load.seconds;
    case 'steps':
      return load.stepSeconds * load.ratesPerSecond.reduce((sum, each) => sum + each, 0);
    case 'ramp':
      return (load.seconds * (load.fromPerSecond + load.toPerSecond)) / 2;
    case 'spike':
      return load.basePerSecond * (load.seconds - load.spikeSeconds) + load.peakPerSecond * load.spikeSeconds;
    case 'diurnal':
      return (load.seconds * (load.troughPerSecond + load.peakPerSecond)) / 2;
    case 'trace':
      return load.scale * load.trace.counts.reduce((sum, count) => sum + count, 0);
  }
}
