/**
 * `npm run confirm:plan`: runs what `npx tandem plan` recommends, and the dearest deployment that it refuses, on
 * three real nodes on this machine. `bench/lab/run-on-nodes.sh` makes the place in which it can run.
 */
import { mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { PACKAGE_ROOT } from '../../files/package-root';
import { writeFileAtomic } from '../../files/write';
import { EXIT_INTERRUPTED } from '../../service/contract';
import { variantOf } from '../adviser/emit';
import { commitOf } from '../evidence/commit';
import { type Evidence, readEvidence } from '../evidence/evidence';
import { startExperimentCluster } from '../evidence/experiment-cluster';
import { runExperiment, writeExperiment } from '../evidence/run-one';
import { isThisMachine, thisMachine } from '../timeline/recorder';
import { cpuText } from '../timeline/timeline-document';
import {
  CONFIRMATION_SCHEMA,
  CONFIRMATION_VERSION,
  type ConfirmationDocument,
  type Predicted,
} from './confirmation';
import { loadText, NODES, planToConfirm, REFUSED_FACTOR, SECONDS, SLO } from './plan-to-confirm';

const RECORDINGS = 'docs/experiment/data';
/** Where recordings for a confirmation alone belong. */
const RECORDINGS_BESIDE = 'docs/twin/data/recordings';
const OUT = join(PACKAGE_ROOT, 'docs/twin/data');
const REPETITION = 1;
const HELP = `npm run confirm:plan

Plans for p95 <= ${SLO.limitMs} ms from recordings of this machine. Then it runs two deployments on three real nodes, two minutes each:
the recommended one, and the same with the next lower CPU limit, which the plan refuses. It takes the lowest rate at
which that one has a simulated p95 of at least ${REFUSED_FACTOR} times the objective. Writes docs/twin/data/; then run npm run docs. It takes about
eight minutes and needs what npm run experiments needs.

  --data FOLDER   recordings of this machine (default: ${RECORDINGS}); where those are another machine's, this makes
                  others in 25 minutes, for one model:
                  npm run experiments -- --quick --out ${RECORDINGS_BESIDE} --only machine \\
                    --only latency-single-pod --only latency-max-size --only latency-hpa-steps
  --help          this text`;

const log = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

/** @throws Error if the recordings are another machine's */
function recordingsOf(folder: string): Evidence {
  const evidence = readEvidence(folder);
  const { machine } = evidence;
  if (machine !== undefined && !isThisMachine(machine.machine)) {
    throw new Error(
      `the recordings in ${folder} are of ${cpuText(machine.machine)}, and this machine has ${cpuText(thisMachine())}: --help says how to record it`,
    );
  }
  return evidence;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: join(PACKAGE_ROOT, RECORDINGS) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const interrupt = new AbortController();
  const { signal } = interrupt;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort());
  const data = resolve(values.data);
  const recordings = relative(PACKAGE_ROOT, data);
  if (recordings.startsWith('..')) {
    throw new Error(
      `--data must be a folder in the project, because what it confirms is shown with it, received ${values.data}: move it to ${RECORDINGS_BESIDE}`,
    );
  }
  const { ratePerSecond, judged } = planToConfirm(recordingsOf(data));
  const command =
    `npx tandem plan --slo p95=${SLO.limitMs}ms --load ${loadText(ratePerSecond)} --nodes ${NODES}` +
    (recordings === RECORDINGS ? '' : ` --data ${recordings}`);
  log(`the plan: ${command}`);
  const predicted: Predicted[] = [];
  mkdirSync(OUT, { recursive: true });
  const { kubectl, image, stop } = await startExperimentCluster(log);
  try {
    for (const [role, { candidate }] of judged) {
      const variant = variantOf(candidate, command);
      const run = `${role}.json.gz`;
      log(`${role}: ${JSON.stringify(variant.resources)}, ${JSON.stringify(variant.scaling)}`);
      const document = await runExperiment(
        {
          ...{ name: `plan-${role}`, form: 'full', printed: variant, applied: variant, cpuFactor: 1 },
          ...{ load: `steps:${ratePerSecond}:${SECONDS}s`, loadSeconds: SECONDS, idleSeconds: 0 },
          ...{ repetitions: 1, slo: SLO },
          deviations: ['The three nodes, the control plane and the load generator share one machine.'],
        },
        REPETITION,
        { kubectl, image, commit: commitOf(), signal, log },
      );
      writeExperiment(join(OUT, run), document);
      const { resources, scaling } = variant;
      predicted.push({ role, figures: { resources, scaling }, run });
    }
  } finally {
    log('stopping the cluster');
    await stop();
  }
  const document: ConfirmationDocument = {
    ...{ schema: CONFIRMATION_SCHEMA, version: CONFIRMATION_VERSION },
    ...{ command, slo: SLO, ratePerSecond, recordings, predicted },
  };
  writeFileAtomic(join(OUT, 'confirmation.json'), `${JSON.stringify(document, undefined, 2)}\n`);
  log(`both are in ${OUT}; now run npm run docs`);
}

main().catch((error: unknown) => {
  if ((error as Error).name === 'AbortError') process.exit(EXIT_INTERRUPTED);
  console.error(`confirm:plan: ${(error as Error).message}`);
  process.exit(1);
});
