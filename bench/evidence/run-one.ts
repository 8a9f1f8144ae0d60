/** Runs one repetition of one experiment in a cluster and makes its document. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { PACKAGE_ROOT } from '../../files/package-root';
import { writeFileAtomic } from '../../files/write';
import { IMAGES_PATH } from '../../infra/construct/load-generator';
import { DEFAULT_SETTINGS } from '../../infra/settings';
import type { Variant } from '../../infra/variants';
import { runVariant } from '../cluster-run/run-variant';
import { mergeRuns } from '../load/documents';
import type { RunDocument } from '../load/run-document';
import { formatSlo } from '../load/slo';
import type { TimelineDocument } from '../timeline/timeline-document';
import {
  EXPERIMENT_SCHEMA,
  EXPERIMENT_VERSION,
  type ExperimentRun,
  type VariantFigures,
} from './experiment-run';
import { type Experiment, TRACE_FILE } from './plan';
import { sampleImages } from './sample-images';

/** One pod sends all of it: the rates are far below what a core can. */
const GENERATOR_PODS = 1;
const MAX_DOCUMENT_BYTES = 640 * 1024;

export interface RunOneOptions {
  /** kubectl with its leading arguments. */
  readonly kubectl: readonly [string, ...string[]];
  readonly image: string;
  readonly commit: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

const figuresOf = ({ resources, scaling }: Variant): VariantFigures => ({ resources, scaling });

/** Files that the generator's pods need: the images, and the trace where the load is one. */
function filesOf({ load }: Experiment): Record<string, Buffer> {
  const images = sampleImages().map(({ file }) => file);
  const trace = load.includes(TRACE_FILE) ? [join(PACKAGE_ROOT, 'bench/traces', TRACE_FILE)] : [];
  return Object.fromEntries([...images, ...trace].map((file) => [basename(file), readFileSync(file)]));
}

const imageArguments = () =>
  sampleImages().flatMap(({ file, expectedClass }) => [
    '--image',
    `${IMAGES_PATH}/${basename(file)}=${expectedClass}`,
  ]);

/** @throws the signal's reason after an interrupt; Error with the reason where the run fails */
async function measure(
  experiment: Experiment,
  seed: number,
  options: RunOneOptions,
  isWorthIdling: (load: RunDocument) => boolean,
): Promise<TimelineDocument> {
  const { kubectl, image, commit, signal, log } = options;
  const load = experiment.load.replace(TRACE_FILE, `${IMAGES_PATH}/${TRACE_FILE}`);
  const { timeline, remains } = await runVariant({
    kubectl,
    variant: experiment.applied,
    settings: { ...DEFAULT_SETTINGS, image },
    load: {
      args: (url) => [
        ...['--url', url, '--load', load, '--seed', String(seed), '--slo', formatSlo(experiment.slo)],
        ...[...imageArguments(), '--json'],
      ],
      images: filesOf(experiment),
      pods: GENERATOR_PODS,
      durationSeconds: experiment.loadSeconds,
    },
    merge: mergeRuns,
    idleSeconds: experiment.idleSeconds,
    endsIdleAtMinimum: true,
    isWorthIdling,
    commit,
    signal,
    log,
  });
  if (remains !== undefined) log(remains);
  signal.throwIfAborted();
  // Only an interrupt leaves none.
  return timeline!;
}

const brokenRules = ({ load }: TimelineDocument) =>
  (load?.validity.broken ?? []).map(({ rule, detail }) => `${rule}: ${detail}`).join('; ');

/**
 * Runs it, once more where the generator's run is INVALID, and returns its document; the seed is the repetition.
 *
 * @throws the signal's reason after an interrupt; Error with the reason where the run fails
 */
export async function runExperiment(
  experiment: Experiment,
  repetition: number,
  options: RunOneOptions,
): Promise<ExperimentRun> {
  let timeline = await measure(experiment, repetition, options, ({ validity }) => validity.valid);
  if (timeline.load?.validity.valid === false) {
    options.log(`INVALID (${brokenRules(timeline)}): measuring once more`);
    timeline = await measure(experiment, repetition, options, () => true);
  }
  const invalid = brokenRules(timeline);
  if (invalid !== '') options.log(`INVALID again (${invalid}): kept, marked`);
  const imageDigest = timeline.pods.find(({ imageId }) => imageId)?.imageId;
  if (imageDigest === undefined) {
    throw new Error(
      `no pod of ${experiment.name} states its image's digest: look at the timeline's failures`,
    );
  }
  const { name, form, printed, applied, cpuFactor, slo, deviations } = experiment;
  return {
    schema: EXPERIMENT_SCHEMA,
    version: EXPERIMENT_VERSION,
    ...{ experiment: name, repetition, form, model: printed.model, kind: printed.kind },
    ...{ printed: figuresOf(printed), applied: figuresOf(applied), cpuFactor, slo, imageDigest },
    deviations: [
      ...deviations,
      ...(invalid === '' ? [] : [`The generator's run is INVALID, twice: ${invalid}.`]),
    ],
    timeline,
  };
}

/**
 * Writes a document with gzip, which notes no time, so that the bytes depend on the document alone.
 *
 * @throws RangeError if it is too large for the repository
 */
export function writeExperiment(file: string, document: ExperimentRun): void {
  const bytes = gzipSync(`${JSON.stringify(document)}\n`, { level: 9 });
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw new RangeError(
      `${basename(file)} must have at most ${MAX_DOCUMENT_BYTES} bytes, received ${bytes.length}: shorten its load`,
    );
  }
  writeFileAtomic(file, bytes);
}
