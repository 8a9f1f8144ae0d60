/**
 * The service's log: JSON lines on standard output.
 */
import { type Logger, pino } from 'pino';

/** Lines are written together, at most this long after the first. */
const FLUSH_INTERVAL_MS = 200;
/** Or when there are this many bytes of them: about twenty lines of requests. */
const FLUSH_BYTES = 4096;

/** Opens the log. At the end of the process, pino writes what is left. */
export function openLog(level: string): Logger {
  const output = pino.destination({ sync: false, minLength: FLUSH_BYTES });
  setInterval(() => output.flush(), FLUSH_INTERVAL_MS).unref();
  return pino({ level }, output);
}
