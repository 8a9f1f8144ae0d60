/**
 * What `npm run bench:session-options` measured. Pure.
 */
import { table } from '../../charts/markdown';
import type { ModelId } from '../../models/catalog';
import type { Precision } from '../../models/engines/engine';
import { percentile } from '../../statistics/percentile';
import { parseDocument } from '../load/parse-document';
import type { Subject } from '../timeline/timeline-document';

/** Name and version of the document; the version rises when a field changes its meaning. */
export const SESSION_OPTIONS_SCHEMA = 'tandem.session-options';
export const SESSION_OPTIONS_VERSION = 1;

/** What is compared; the first is what the service has. */
export const SETTINGS = ['as served', 'spinning', 'no arena', 'no memory pattern'] as const;
export type Setting = (typeof SETTINGS)[number];

/** Figures of one setting, one per turn. */
export interface SettingCost {
  readonly setting: Setting;
  /** CPU time of the process per image. */
  readonly cpuMs: readonly number[];
  /** Time per image. */
  readonly wallMs: readonly number[];
  /** Memory of the process after all turns. */
  readonly pssMebibytes: number;
}

/** The settings of one model, in turns. */
export interface SessionComparison {
  readonly model: ModelId;
  readonly precision: Precision;
  readonly threads: number;
  /** In the order of {@link SETTINGS}. */
  readonly settings: readonly SettingCost[];
}

export interface SessionOptionsDocument {
  readonly schema: typeof SESSION_OPTIONS_SCHEMA;
  readonly version: typeof SESSION_OPTIONS_VERSION;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly machine: Subject['machine'];
  readonly comparisons: readonly SessionComparison[];
}

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parseSessionOptions = (text: string): SessionOptionsDocument =>
  parseDocument<SessionOptionsDocument>(
    text,
    { schema: SESSION_OPTIONS_SCHEMA, version: SESSION_OPTIONS_VERSION },
    'npm run bench:session-options',
  );

const median = (values: readonly number[]) => percentile(values, 0.5);
const times = (values: readonly number[], base: readonly number[]) =>
  percentile(
    values.map((value, turn) => value / base[turn]!),
    0.5,
  ).toFixed(2);

/** A setting's figures; those that are not served as ratios, turn by turn, which a busy machine changes least. */
function cell(cost: SettingCost, served: SettingCost): string {
  if (cost === served) {
    const [cpu, wall] = [cost.cpuMs, cost.wallMs].map((values) => median(values).toFixed(1));
    return `${cpu} ms, ${wall} ms, ${cost.pssMebibytes.toFixed(0)} MiB`;
  }
  const mebibytes = Math.round(cost.pssMebibytes - served.pssMebibytes);
  const sign = mebibytes < 0 ? '−' : '+';
  return `${times(cost.cpuMs, served.cpuMs)}, ${times(cost.wallMs, served.wallMs)}, ${sign}${Math.abs(mebibytes)} MiB`;
}

/** The measurement as text: a table and where it comes from. */
export function sessionOptionsText({ startedAt, machine, comparisons }: SessionOptionsDocument): string {
  const rows = comparisons.map(({ model, precision, threads, settings }) => [
    `\`${model}\``,
    precision,
    threads,
    ...settings.map((cost) => cell(cost, settings[0]!)),
  ]);
  const source = `CPU time, time and PSS per process; in the other columns CPU time and time as a multiple, PSS as a difference. Measured on ${startedAt.slice(0, 10)} on ${machine.cores} cores of ${machine.cpuModel}, medians of turns.`;
  return `${table(['model', 'precision', 'threads', ...SETTINGS], rows)}\n\n${source}`;
}
