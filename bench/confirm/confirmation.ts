/** What `npx tandem plan` says of a rate beside what real pods did: the document and its table. Pure. */
import { table } from '../../charts/markdown';
import { percent, percentTick } from '../../charts/percent';
import { maxReplicasOf } from '../../infra/construct/replicas';
import type { Judgement } from '../adviser/judge';
import { duration, grouped, plural } from '../evidence/words';
import type { ExperimentRun, VariantFigures } from '../evidence/experiment-run';
import { rateCurve, type RateFigures, SETTLE_SHARE } from '../evidence/rate-curve';
import { parseDocument } from '../load/parse-document';
import { formatSlo, type Slo } from '../load/slo';

export const CONFIRMATION_SCHEMA = 'tandem.plan-confirmation';
export const CONFIRMATION_VERSION = 1;

/** `recommended`: the cheapest that passes. `refused`: the same with the next lower CPU limit, which does not pass. */
export const ROLES = ['recommended', 'refused'] as const;
export type Role = (typeof ROLES)[number];

/** What the plan said of a deployment before it ran. What is simulated of it is not kept: it follows the twin. */
export interface Predicted {
  readonly role: Role;
  readonly figures: VariantFigures;
  /** File name of the recorded run. */
  readonly run: string;
}

export interface ConfirmationDocument {
  readonly schema: typeof CONFIRMATION_SCHEMA;
  readonly version: typeof CONFIRMATION_VERSION;
  /** Command that plans for the same load from the same recordings. It tries the other precision too. */
  readonly command: string;
  readonly slo: Slo;
  readonly ratePerSecond: number;
  /** Folder of the recordings that were planned from, of the machine that ran the plan; relative to the project's root. */
  readonly recordings: string;
  readonly predicted: readonly Predicted[];
}

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parseConfirmation = (text: string): ConfirmationDocument =>
  parseDocument<ConfirmationDocument>(
    text,
    { schema: CONFIRMATION_SCHEMA, version: CONFIRMATION_VERSION },
    'npm run confirm:plan',
  );

const orUnanswered = (ms: number) => (Number.isFinite(ms) ? duration(ms) : 'too many not answered');

/** Whether the exact test on the recorded requests says what the plan said. */
export function isConfirmed(role: Role, { verdict }: Pick<RateFigures, 'verdict'>): boolean {
  return verdict === (role === 'recommended' ? 'pass' : 'fail');
}

/** @throws RangeError if a run has another load than the plan's */
function measuredAt(run: ExperimentRun, ratePerSecond: number): RateFigures {
  const figures = rateCurve([run]).rates.find((rate) => rate.ratePerSecond === ratePerSecond);
  if (figures === undefined) {
    throw new RangeError(
      `${run.experiment} must have the plan's rate, ${ratePerSecond} per second: run npm run confirm:plan again`,
    );
  }
  return figures;
}

/**
 * The plan's words beside the measured ones, as Markdown.
 *
 * @param runs the recorded runs by their file names
 * @param judgementOf what the twin says of a recorded deployment
 */
export function confirmationTable(
  { slo, ratePerSecond, predicted, command }: ConfirmationDocument,
  runs: ReadonlyMap<string, ExperimentRun>,
  judgementOf: (figures: VariantFigures, recorded: ExperimentRun) => Pick<Judgement, 'latencyMs' | 'edgeMs'>,
): string {
  const rows = predicted.map(({ role, figures, run }) => {
    const { resources, scaling } = figures;
    const recorded = runs.get(run)!;
    const { latencyMs, edgeMs } = judgementOf(figures, recorded);
    const measured = measuredAt(recorded, ratePerSecond);
    const { requests, limits } = resources;
    return [
      role,
      `${recorded.model}, ${plural(maxReplicasOf(scaling), 'pod')}, CPU request ${requests.cpu}, limit ${limits.cpu}`,
      `${orUnanswered(latencyMs)}; ${orUnanswered(edgeMs)}`,
      `${duration(measured.p95Ms)}, ${grouped(measured.due)} requests`,
      percent(measured.goodputPerSecond / measured.duePerSecond),
      isConfirmed(role, measured) ? 'confirmed' : `not confirmed: ${measured.verdict}`,
    ];
  });
  const head = [
    'the plan',
    'deployment',
    'p95, simulated; its upper bound',
    'p95, measured',
    'in time, measured',
    'at 95 % confidence',
  ];
  return `${table(head, rows)}\n\nThe plan: \`${command}\`. The load: ${ratePerSecond} images per second, objective ${formatSlo(slo)}. Its first ${percentTick(SETTLE_SHARE)} % are not judged. The upper bound holds only where the simulated figure meets the objective. The simulated figures are those of today's twin and recordings.`;
}
