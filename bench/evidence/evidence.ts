/** The documents of docs/experiment/data/, sorted for charts and tables. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { MODEL_IDS } from '../../models/catalog';
import { withTraceFile } from '../load/load-text';
import { formatSlo } from '../load/slo';
import { cpuText } from '../timeline/timeline-document';
import { type ExperimentRun, fileOf, parseExperimentRun } from './experiment-run';
import { MACHINE_FILE, type MachineDocument, parseMachineDocument } from './machine';
import { type RateCurve, rateCurve } from './rate-curve';
import { loadOf, soundRuns } from './runs';
import { list } from './words';

const RUN_SUFFIX = '.json.gz';

export interface Evidence {
  /** By name of the experiment, then repetition. */
  readonly runs: readonly ExperimentRun[];
  /** Single pods, then max-size fleets, by name. */
  readonly curves: ReadonlyMap<string, RateCurve>;
  /** Runs behind an HPA that are not the generator's; all where every one is. */
  readonly hpaRuns: readonly ExperimentRun[];
  readonly machine?: MachineDocument;
}

/** What the repetitions of an experiment share, as text: their requests are judged together. */
const measuredWith = (run: ExperimentRun) =>
  ({
    load: withTraceFile(loadOf(run).settings.load, basename),
    objective: formatSlo(run.slo),
    figures: JSON.stringify(run.applied),
    machine: cpuText(run.timeline.subject.machine),
  }) as const;

/** @param runs repetitions of one experiment */
function refuseMixed(runs: readonly ExperimentRun[]): void {
  const [first, ...others] = runs;
  if (first === undefined || others.length === 0) return;
  const wanted = measuredWith(first);
  const differenceOf = (run: ExperimentRun) => {
    const received = measuredWith(run);
    const names = Object.keys(wanted) as (keyof typeof wanted)[];
    const name = names.find((each) => received[each] !== wanted[each]);
    return name && `${name} ${wanted[name]} in ${fileOf(first)} and ${received[name]} in ${fileOf(run)}`;
  };
  const odd = others.filter((run) => differenceOf(run) !== undefined);
  if (odd.length === 0) return;
  throw new Error(
    `repetitions of ${first.experiment} must have the same load, objective, figures and machine, received ` +
      `${differenceOf(odd[0]!)}: delete ${list(odd.map(fileOf))} or measure ${odd.length === 1 ? 'it' : 'them'} again`,
  );
}

/**
 * Sorts documents in any order.
 *
 * @throws Error if repetitions of one experiment differ in load, objective, figures or machine
 */
export function evidenceOf(documents: readonly ExperimentRun[], machine?: MachineDocument): Evidence {
  const key = ({ experiment, repetition }: ExperimentRun) =>
    `${experiment} ${String(repetition).padStart(4, '0')}`;
  const runs = [...documents].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const names = (['single-pod', 'max-size'] as const).flatMap((kind) =>
    MODEL_IDS.map((model) => `${model}-${kind}`),
  );
  for (const name of new Set(runs.map(({ experiment }) => experiment))) {
    refuseMixed(runs.filter(({ experiment }) => experiment === name));
  }
  const hpa = runs.filter(({ kind }) => kind === 'hpa');
  const experiments = [...new Set(hpa.map(({ experiment }) => experiment))];
  return {
    runs,
    curves: new Map(
      names.flatMap((name) => {
        const own = runs.filter(({ experiment }) => experiment === name);
        return own.length === 0 ? [] : [[name, rateCurve(own)] as const];
      }),
    ),
    hpaRuns: experiments.flatMap((name) => soundRuns(hpa.filter(({ experiment }) => experiment === name))),
    ...(machine && { machine }),
  };
}

/**
 * Reads a folder of documents; a missing folder is an empty one.
 *
 * @throws Error that names the file if it is no document, or the files of repetitions that do not belong together
 */
export function readEvidence(folder: string): Evidence {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const read = <T>(name: string, parse: (text: string) => T, bytes = readFileSync(join(folder, name))) => {
    try {
      return parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
    } catch (cause) {
      throw new Error(`${join(folder, name)}: ${(cause as Error).message}`, { cause });
    }
  };
  const runs = names
    .filter((name) => name.endsWith(RUN_SUFFIX))
    .map((name) => read(name, parseExperimentRun));
  const machine = names.includes(MACHINE_FILE) ? read(MACHINE_FILE, parseMachineDocument) : undefined;
  return evidenceOf(runs, machine);
}
