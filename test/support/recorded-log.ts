/** A log that tests read back. */
import { pino } from 'pino';
import { parse as parseYaml } from 'yaml';

/** Parses a line of the log; a key that is there twice, which JSON.parse takes and Elasticsearch refuses, throws. */
export const parseLogLine = (line: string) =>
  parseYaml(line, { uniqueKeys: true }) as Record<string, unknown>;

/** A log that can be read back. */
export function recorded() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(parseLogLine(line));
  return { lines, log: pino({ level: 'info' }, { write }) };
}
