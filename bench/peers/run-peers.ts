/**
 * `npm run bench:peers`: measures this project's server beside those that a user would write instead. `run.sh` installs
 * them and compiles this.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import * as tf from '@tensorflow/tfjs';

import { PACKAGE_ROOT } from '../../files/package-root';
import { buildClassifier } from '../../models/architectures/classifier';
import { multiplyAddsOf } from '../../models/architectures/multiply-adds';
import { MODEL_IDS, type ModelId, MODELS } from '../../models/catalog';
import { PRECISIONS_OF } from '../../models/engines/engine';
import { multipliesBytes } from '../../models/engines/onnxruntime/cpu';
import { cachedGraph } from '../../models/engines/onnxruntime/graph-cache';
import { DEMO_MODELS_DIR, readSavedModel } from '../../models/weights/saved-model';
import { EXIT_INTERRUPTED } from '../../service/contract';
import { commitOf } from '../evidence/commit';
import { cgroupObstacle } from '../experiments/cpu-group';
import { thisMachine } from '../timeline/recorder';
import { expectedImages, imageFacts, type ImageFiles, writeImages } from './images';
import type { Subject } from './measure';
import { type Form, PEERS_SCHEMA, PEERS_VERSION, type PeersDocument, type Skipped } from './peers-document';
import { LENGTHS, planOf } from './plan';
import { hasBfloat16, packagesOf, whySkipped } from './presence';
import { failuresOf, measureRounds } from './rounds';
import { SERVER_NAMES, type ServerName, serverOf } from './servers';
import { completeRounds, forget, resume, store } from './store';

const PUBLISHED = join(PACKAGE_ROOT, 'docs/performance/data/peers.json');
const BUILD = join(PACKAGE_ROOT, 'build/peers');

const HELP = `npm run bench:peers [-- OPTIONS]

Measures Tandem beside the servers that a user would write instead, in turns, each in a control group with a CPU limit, and
writes docs/performance/data/peers.json after each round. Then run npm run bench:peers:charts.
A call resumes what the one before it left; Ctrl-C leaves nothing running.

  --quick        the quick form, in less than 15 minutes
  --only NAME    this server alone; may be repeated. docs/performance/ stays as it is
  --again        also what is measured
  --help         this text

Servers: ${SERVER_NAMES.join(', ')}

Needs root, control groups of version 1 and python3 with venv; says what is missing.

Example: npm run bench:peers -- --quick`;

const log = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

function multiplyAdds(): Record<ModelId, number> {
  // Otherwise tfjs advises on stderr to install another backend.
  tf.enableProdMode();
  const counts = MODEL_IDS.map((model) => {
    const { classes } = readSavedModel(join(DEMO_MODELS_DIR, model));
    const classifier = buildClassifier(MODELS[model].architecture, classes.length);
    const count = multiplyAddsOf(classifier);
    classifier.dispose();
    return [model, count] as const;
  });
  return Object.fromEntries(counts) as Record<ModelId, number>;
}

/** Exports every graph and classifies the images with our own engine. */
async function subjectsOf(files: ImageFiles, onnxCacheDir: string): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const model of MODEL_IDS) {
    for (const precision of PRECISIONS_OF.onnxruntime.filter(
      (name) => name === 'fp32' || multipliesBytes(),
    )) {
      const modelDir = join(DEMO_MODELS_DIR, model);
      const { file: graph } = await cachedGraph(modelDir, onnxCacheDir, precision);
      const images = await expectedImages(files, model, precision, onnxCacheDir);
      subjects.push({ model, precision, graph, classes: readSavedModel(modelDir).classes, images });
    }
  }
  return subjects;
}

function emptyDocument(form: Form, files: ImageFiles, skipped: readonly Skipped[]): PeersDocument {
  const now = new Date().toISOString();
  const packages = SERVER_NAMES.map((name) => [name, packagesOf(name)] as const);
  return {
    ...{ schema: PEERS_SCHEMA, version: PEERS_VERSION, form, startedAt: now, finishedAt: now },
    ...{ commit: commitOf(), machine: thisMachine(), hasBfloat16: hasBfloat16(), rounds: 0 },
    ...{ images: imageFacts(files), multiplyAdds: multiplyAdds(), peakGflops: [] },
    packages: Object.fromEntries(packages) as PeersDocument['packages'],
    ...{ skipped, engines: [], visits: [] },
  };
}

/** What cannot be measured on this machine, and why. */
function skippedHere(only: readonly ServerName[]): Skipped[] {
  const servers = SERVER_NAMES.filter((name) => only.length === 0 || only.includes(name)).flatMap((name) => {
    const why = whySkipped(name);
    return why === undefined ? [] : [{ what: serverOf(name).title, why }];
  });
  return multipliesBytes()
    ? servers
    : [...servers, { what: 'int8', why: 'this CPU has no VNNI, so that it is slow' }];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      again: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const only = values.only.map((text) => {
    const name = SERVER_NAMES.find((known) => known === text);
    if (name === undefined)
      throw new Error(`--only must be one of ${SERVER_NAMES.join(', ')}, received ${text}`);
    return name;
  });
  const obstacle = cgroupObstacle();
  if (obstacle !== undefined) throw new Error(`it cannot run here: ${obstacle}`);
  const form: Form = values.quick ? 'quick' : 'full';
  const interrupt = new AbortController();
  const stop = () => {
    if (!interrupt.signal.aborted) log('stopping: what is measured stays, the same command resumes');
    interrupt.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);

  const onnxCacheDir = join(BUILD, 'onnx');
  mkdirSync(onnxCacheDir, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'tandem-peers-'));
  const file = join(BUILD, `${[form, ...only].join('-')}.json`);
  try {
    log('exporting the graphs and classifying the images with our own engine');
    const files = await writeImages(work);
    const subjects = await subjectsOf(files, onnxCacheDir);
    const skipped = skippedHere(only);
    for (const { what, why } of skipped) log(`SKIPPED ${what}: ${why}`);
    const plan = planOf(form, only).filter(
      ({ server, precision }) =>
        whySkipped(server) === undefined && subjects.some((subject) => subject.precision === precision),
    );
    if (values.again) forget(file);
    const document = await measureRounds({
      begun: resume(file, emptyDocument(form, files, skipped)),
      ...{ plan, subjects, log },
      bench: { onnxCacheDir, work, warmUpSeconds: LENGTHS[form].warmUpSeconds, signal: interrupt.signal },
      keep: (document) => {
        store(file, document);
        if (only.length === 0 && document.rounds > 0) store(PUBLISHED, completeRounds(document));
      },
    });
    const failures = failuresOf(document).length;
    if (failures > 0) throw new Error(`${failures} visits failed: the same command tries them again`);
    log(`everything is measured, and in ${only.length === 0 ? PUBLISHED : file}; --again measures it again`);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    process.exitCode = EXIT_INTERRUPTED;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(`bench:peers: ${(error as Error).message}`);
  process.exit(1);
});
