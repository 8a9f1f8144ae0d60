/**
 * `npm run confirm:plan`: runs what `npx tandem plan` recommends for a rate, and the dearest deployment that it refuses, on
 * three real nodes on this machine. `bench/lab/run-on-nodes.sh` makes the place in which it can run.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { PACKAGE_ROOT } from '../../files/package-root';
import { writeFileAtomic } from '../../files/write';
import { CLUSTER, clusterOf } from '../../infra/scheduler/cluster';
import { MODEL_IDS } from '../../models/catalog';
import { EXIT_INTERRUPTED } from '../../service/contract';
import { advise } from '../adviser/advise';
import { planBound } from '../adviser/bounds';
import { variantOf } from '../adviser/emit';
import type { Judgement } from '../adviser/judge';
import { profilesOf } from '../adviser/validation';
import { commitOf } from '../evidence/commit';
import { readEvidence } from '../evidence/evidence';
import { startExperimentCluster } from '../evidence/experiment-cluster';
import { runExperiment, writeExperiment } from '../evidence/run-one';
import { parseLoad } from '../load/load';
import { isThisMachine, thisMachine } from '../timeline/recorder';
import { cpuText } from '../timeline/timeline-document';
import {
  CONFIRMATION_SCHEMA,
  CONFIRMATION_VERSION,
  type ConfirmationDocument,
  type Predicted,
  type Role,
} from './confirmation';

const RECORDINGS = join(PACKAGE_ROOT, 'docs/experiment/data');
const OUT = join(PACKAGE_ROOT, 'docs/twin/data');
const NODES = 3;
const REPETITION = 1;
/** A rate at which the cheaper deployment is beyond its limit, so that the exact test can decide within two minutes. */
const RATE_PER_SECOND = 15;
const SECONDS = 120;
/** The recorded run has the same arrivals as `steps:`, whose analysis judges a rate. */
const LOAD = `poisson:${RATE_PER_SECOND}:${SECONDS}s`;
const SLO = { percentile: 0.95, limitMs: 400 } as const;

const HELP = `npm run confirm:plan

Plans for ${RATE_PER_SECOND} images per second at p95 <= ${SLO.limitMs} ms from docs/experiment/data/, then runs the recommended deployment and the
dearest one that the plan refuses on three real nodes, two minutes each. Writes docs/twin/data/; then run npm run docs.
It takes about eight minutes and needs what npm run experiments needs, on the machine that it recorded.

  --help   this text`;

const log = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

/** @throws Error if the recordings are another machine's, or the plan has no deployment for a role */
function planned(): readonly (readonly [Role, Judgement])[] {
  const evidence = readEvidence(RECORDINGS);
  const { machine } = evidence;
  if (machine !== undefined && !isThisMachine(machine.machine)) {
    throw new Error(
      `the recordings are of ${cpuText(machine.machine)}, and this machine has ${cpuText(thisMachine())}: run npm run experiments on it first`,
    );
  }
  const { fits, profiles } = profilesOf(evidence);
  const nodes = clusterOf({
    nodes: NODES,
    cpuAllocatableMillis: CLUSTER[0]!.cpuAllocatableMillis,
    memoryAllocatableBytes: CLUSTER[0]!.memoryAllocatableBytes,
    controlPlane: false,
  });
  const load = parseLoad(LOAD);
  if (load.kind === 'closed') throw new Error('the load must be an open loop');
  const bound = planBound(evidence, fits, SLO.percentile);
  // The recorded profiles alone: at the precision that the service chooses, as in the pods that will run.
  const { best, cheaper } = advise(profiles, { slo: SLO, load, nodes: NODES, bound }, nodes, MODEL_IDS);
  const refused = cheaper[0];
  if (best === undefined || refused === undefined) {
    throw new Error('the plan must recommend one deployment and refuse a cheaper one: choose another rate');
  }
  return [
    ['recommended', best],
    ['refused', refused],
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const interrupt = new AbortController();
  const { signal } = interrupt;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort());
  const command = `npx tandem plan --slo p95=${SLO.limitMs}ms --load ${LOAD} --nodes ${NODES}`;
  const predicted: Predicted[] = [];
  const judged = planned();
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
          ...{ load: `steps:${RATE_PER_SECOND}:${SECONDS}s`, loadSeconds: SECONDS, idleSeconds: 0 },
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
    ...{ command, slo: SLO, ratePerSecond: RATE_PER_SECOND, predicted },
  };
  writeFileAtomic(join(OUT, 'confirmation.json'), `${JSON.stringify(document, undefined, 2)}\n`);
  log(`both are in ${OUT}; now run npm run docs`);
}

main().catch((error: unknown) => {
  if ((error as Error).name === 'AbortError') process.exit(EXIT_INTERRUPTED);
  console.error(`confirm:plan: ${(error as Error).message}`);
  process.exit(1);
});
