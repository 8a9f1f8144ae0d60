/** The documents of docs/experiment/data/, sorted for charts and tables. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { MODEL_IDS } from '../../models/catalog';
import { type ExperimentRun, parseExperimentRun } from './experiment-run';
import { type MachineDocument, parseMachineDocument } from './machine';
import { type RateCurve, rateCurve } from './rate-curve';
import { soundRuns } from './runs';

const RUN_SUFFIX = '.json.gz';
const MACHINE_FILE = 'machine.json';

export interface Evidence {
  /** By name of the experiment, then repetition. */
  readonly runs: readonly ExperimentRun[];
  /** Single pods, then max-size fleets, by name. */
  readonly curves: ReadonlyMap<string, RateCurve>;
  /** Runs behind an HPA that are not the generator's; all where every one is. */
  readonly hpaRuns: readonly ExperimentRun[];
  readonly machine?: MachineDocument;
}

/** Sorts documents in any order. */
export function evidenceOf(documents: readonly ExperimentRun[], machine?: MachineDocument): Evidence {
  const key = ({ experiment, repetition }: ExperimentRun) =>
    `${experiment} ${String(repetition).padStart(4, '0')}`;
  const runs = [...documents].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const names = (['single-pod', 'max-size'] as const).flatMap((kind) =>
    MODEL_IDS.map((model) => `${model}-${kind}`),
  );
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
 * @throws Error that names the file if it is no document
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
