/**
 * One repetition of one experiment on real pods: the timeline with its load, and what a reader needs to judge it. These
 * documents are the raw data behind docs/experiment.md; every chart and table of it is generated from them.
 */
import type { Resources, Scaling, VariantKind } from '../../infra/variants';
import type { ModelId } from '../../models/catalog';
import type { Slo } from '../load/slo';
import type { TimelineDocument } from '../timeline/timeline-document';
import { parseDocument } from '../load/parse-document';

/** Name and version of the document; the version rises when a field changes its meaning. */
export const EXPERIMENT_SCHEMA = 'tandem.experiment-run';
export const EXPERIMENT_VERSION = 1;

/** Requests, limits and replicas of a variant. */
export interface VariantFigures {
  readonly resources: Resources;
  readonly scaling: Scaling;
}

export interface ExperimentRun {
  readonly schema: typeof EXPERIMENT_SCHEMA;
  readonly version: typeof EXPERIMENT_VERSION;
  /** Name of the experiment, such as `latency-single-pod` or `latency-hpa-steps`. */
  readonly experiment: string;
  /** From 1. */
  readonly repetition: number;
  /** `quick` for the quick form of `npm run experiments -- --quick`. */
  readonly form: 'full' | 'quick';
  readonly model: ModelId;
  readonly kind: VariantKind;
  /** The variant's figures as `dist/` prints them. */
  readonly printed: VariantFigures;
  /** What was deployed: the printed CPU figures times {@link cpuFactor}. */
  readonly applied: VariantFigures;
  /** Factor by which every CPU request and limit was scaled to what the machine can give. */
  readonly cpuFactor: number;
  /** Objective by which a rate, or a window, is judged. */
  readonly slo: Slo;
  /** Digest of the image, as the nodes' container runtime states it. */
  readonly imageDigest: string;
  /** What differs from the printed variant and from the full form, one sentence each. */
  readonly deviations: readonly string[];
  /** Its `load` is present: a run without it is not kept. */
  readonly timeline: TimelineDocument;
}

type Repetition = Pick<ExperimentRun, 'experiment' | 'repetition'>;

/** Name of a repetition: `latency-hpa-steps-1`. */
export const runName = ({ experiment, repetition }: Repetition): string => `${experiment}-${repetition}`;

/** File name of its document. */
export const fileOf = (run: Repetition): string => `${runName(run)}.json.gz`;

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parseExperimentRun = (text: string): ExperimentRun =>
  parseDocument<ExperimentRun>(
    text,
    { schema: EXPERIMENT_SCHEMA, version: EXPERIMENT_VERSION },
    'npm run experiments',
  );
