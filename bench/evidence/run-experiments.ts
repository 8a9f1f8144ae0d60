/**
 * `npm run experiments`: measures the variants on three real nodes on this machine and writes one document per
 * repetition. `bench/lab/run-on-nodes.sh` makes the place in which it can run.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { PACKAGE_ROOT } from '../../files/package-root';
import { removeTemporaries } from '../../files/temporaries';
import { writeFileAtomic } from '../../files/write';
import { EXIT_INTERRUPTED } from '../../service/contract';
import { cgroupObstacle } from '../experiments/cpu-group';
import { isThisMachine, thisMachine } from '../timeline/recorder';
import { cpuText } from '../timeline/timeline-document';
import { commitOf } from './commit';
import { startExperimentCluster } from './experiment-cluster';
import { fileOf } from './experiment-run';
import { MACHINE_FILE, type MachineDocument, parseMachineDocument } from './machine';
import { calibrationOf, measureMachine } from './machine-experiments';
import { type Experiment, type Form, OVERHEAD_SECONDS, planExperiments } from './plan';
import { runExperiment, writeExperiment } from './run-one';
import { openSession, type Session, supersededRuns } from './session';

const OUT = 'docs/experiment/data';
const SESSIONS = join(PACKAGE_ROOT, 'build/experiments');
const SEED = 1;

const HELP = `npm run experiments [-- OPTIONS]

Measures every variant but previous-max-size, whose figures are those of accuracy-max-size, on three real nodes on this
machine and writes ${OUT}/. A call resumes what the one before it left; Ctrl-C leaves nothing running.
It removes other recordings of an experiment that it measured, and all of another machine.

  --quick          the quick form, in less than 40 minutes; the first call also builds Kubernetes and the container image,
                   about ten minutes
  --repetitions N  of each load (default: 1 in the quick form, else 3)
  --only NAME...   these experiments alone, such as latency-hpa-steps or machine
  --again          also what is finished
  --out FOLDER     write the recordings there; npx tandem plan and npm run confirm:plan read them with --data
  --help           this text

Needs root, control groups of version 1, Go, buildah, containerd, runc, iproute2, nftables, conntrack and the CNI plugins;
says what is missing.

Example: npm run experiments -- --quick`;

const log = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

interface Run {
  readonly experiment: Experiment;
  readonly repetition: number;
  /** File name of its document. */
  readonly file: string;
}

const runsOf = (experiments: readonly Experiment[]): Run[] =>
  experiments.flatMap((experiment) =>
    Array.from({ length: experiment.repetitions }, (_, index) => ({
      experiment: index === 0 ? experiment : { ...experiment, idleSeconds: 0 },
      repetition: index + 1,
      file: fileOf({ experiment: experiment.name, repetition: index + 1 }),
    })),
  );

const secondsOf = ({ experiment: { loadSeconds, idleSeconds, applied } }: Run) =>
  loadSeconds + idleSeconds + OVERHEAD_SECONDS[applied.scaling.kind];

const minutesOf = (runs: readonly Run[]) => {
  const seconds = runs.reduce((sum, run) => sum + secondsOf(run), 0);
  return `${Math.ceil(seconds / 60)} min`;
};

function removeRuns(out: string, files: readonly string[], why: string): void {
  if (files.length === 0) return;
  log(`${why}: removing ${files.join(', ')}`);
  for (const file of files) rmSync(join(out, file));
}

/** The machine's own experiments: read where they are finished, else measured. */
async function machineDocument(
  out: string,
  form: Form,
  session: Session,
  isWanted: boolean,
  commit: string,
  signal: AbortSignal,
): Promise<MachineDocument> {
  const file = join(out, MACHINE_FILE);
  const stored = existsSync(file) ? parseMachineDocument(readFileSync(file, 'utf8')) : undefined;
  // The repository's document may come from another machine.
  const isOurs = stored !== undefined && isThisMachine(stored.machine);
  if (stored !== undefined && (session.isFinished(MACHINE_FILE) || (!isWanted && isOurs))) {
    log(`${MACHINE_FILE}: finished, not measured again`);
    return stored;
  }
  const obstacle = cgroupObstacle();
  if (obstacle !== undefined) throw new Error(`the machine's experiments cannot run: ${obstacle}`);
  log('machine: CPU time per image, and single pods at their printed figures');
  const document = await measureMachine({ form, seed: SEED, commit, signal, log });
  // Before the new document is there: an interrupt between the two must not leave recordings of both machines.
  if (stored !== undefined && !isOurs) {
    const why = `${MACHINE_FILE} was of another machine, ${cpuText(stored.machine)}`;
    removeRuns(out, supersededRuns(readdirSync(out), session), why);
  }
  writeFileAtomic(file, `${JSON.stringify(document)}\n`);
  session.finish(MACHINE_FILE);
  return document;
}

/** Runs them in a cluster; an experiment that fails does not keep the others from running. */
async function inCluster(
  runs: readonly Run[],
  out: string,
  session: Session,
  commit: string,
  signal: AbortSignal,
): Promise<string[]> {
  const failures: string[] = [];
  const { kubectl, image, stop } = await startExperimentCluster(log);
  try {
    for (const [index, { experiment, repetition, file }] of runs.entries()) {
      signal.throwIfAborted();
      log(
        `[${index + 1}/${runs.length}] ${file}: ${experiment.load}, objective ${experiment.slo.limitMs} ms; ` +
          `about ${minutesOf(runs.slice(index))} left`,
      );
      try {
        const document = await runExperiment(experiment, repetition, {
          ...{ kubectl, image, commit, signal, log },
        });
        writeExperiment(join(out, file), document);
        session.finish(file);
        const others = supersededRuns(readdirSync(out), session, experiment.name);
        removeRuns(out, others, `${experiment.name} was measured anew`);
      } catch (error) {
        signal.throwIfAborted();
        log(`FAILED ${file}: ${(error as Error).message}`);
        failures.push(file);
      }
    }
  } finally {
    log('stopping the cluster');
    await stop();
  }
  return failures;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      repetitions: { type: 'string' },
      again: { type: 'boolean', default: false },
      out: { type: 'string', default: join(PACKAGE_ROOT, OUT) },
      only: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const only = [...values.only, ...positionals];
  if (positionals.length > 0 && values.only.length === 0) {
    throw new Error(`options must be as in --help, received ${positionals.join(' ')}`);
  }
  const repetitions = values.repetitions === undefined ? undefined : Number(values.repetitions);
  if (repetitions !== undefined && !(Number.isInteger(repetitions) && repetitions >= 1)) {
    throw new Error(`--repetitions must be a whole number from 1, received ${values.repetitions}`);
  }
  const form: Form = values.quick ? 'quick' : 'full';
  const interrupt = new AbortController();
  const stop = () => {
    if (!interrupt.signal.aborted) log('stopping: what is finished stays, the same command resumes');
    interrupt.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  removeTemporaries(out);
  const sessionFile = `${relative(PACKAGE_ROOT, out).replaceAll(/[^\w.]+/g, '-')}.json`;
  const session = openSession(join(SESSIONS, sessionFile), form, values.again, (document) =>
    existsSync(join(out, document)),
  );
  const isWanted = (name: string) => only.length === 0 || only.includes(name);
  const commit = commitOf();
  try {
    const machine = await machineDocument(out, form, session, isWanted('machine'), commit, interrupt.signal);
    const size = { cpus: thisMachine().cores, memoryBytes: totalmem() };
    const experiments = planExperiments(form, size, calibrationOf(machine), repetitions);
    const unknown = only.find(
      (name) => name !== 'machine' && !experiments.some((each) => each.name === name),
    );
    if (unknown !== undefined) {
      const names = ['machine', ...experiments.map(({ name }) => name)].join(', ');
      throw new Error(`--only must be one of ${names}, received ${unknown}`);
    }
    const wanted = runsOf(experiments.filter(({ name }) => isWanted(name)));
    const runs = wanted.filter(({ file }) => !session.isFinished(file));
    for (const { file } of wanted.filter((run) => !runs.includes(run))) {
      log(`${file}: finished, skipped; --again measures it again`);
    }
    const failures = runs.length === 0 ? [] : await inCluster(runs, out, session, commit, interrupt.signal);
    if (failures.length > 0)
      throw new Error(`failed: ${failures.join(', ')}; the same command runs them again`);
    log(`all experiments of the ${form} form are in ${out}`);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    process.exitCode = EXIT_INTERRUPTED;
  }
}

main().catch((error: unknown) => {
  console.error(`experiments: ${(error as Error).message}`);
  process.exit(1);
});
