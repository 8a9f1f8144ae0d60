/** The strip below a chart: where its figures come from. Pure. */
import type { ExperimentRun } from '../experiment-run';
import { flawsOf, loadOf, precisionOf, requestsOf } from '../runs';
import { grouped, plural, short } from '../words';
import { cpuText } from '../../timeline/timeline-document';

/** Of a digest or a commit in a strip. */
export const DIGEST_CHARACTERS = 12;

const unique = (values: readonly string[]) => [...new Set(values)];

/** `sha256:0123456789ab` of a digest with or without a repository before it. */
const shortDigest = (digest: string) => {
  const [, hash] = /sha256:([0-9a-f]+)/.exec(digest) ?? [];
  return hash === undefined ? digest : `sha256:${hash.slice(0, DIGEST_CHARACTERS)}`;
};

/** `2026-11-28`, or the first and the last day. */
function days(runs: readonly ExperimentRun[]): string {
  const all = runs.map(({ timeline }) => timeline.startedAt.slice(0, 10)).sort();
  return unique([all[0]!, all.at(-1)!]).join(' to ');
}

/** `1–4` for numbers that follow each other, else `1, 3`. */
function seeds(runs: readonly ExperimentRun[]): string {
  const all = [...new Set(runs.map((run) => loadOf(run).settings.seed))].sort((a, b) => a - b);
  const follow = all.length > 2 && all.every((seed, i) => seed === all[0]! + i);
  return follow ? `${all[0]}–${all.at(-1)}` : all.join(', ');
}

/**
 * The facts of a chart that is made of these runs, `measured` first.
 *
 * @param runs at least one
 */
export function provenance(runs: readonly ExperimentRun[]): string[] {
  const requests = runs.reduce((sum, run) => sum + requestsOf(run).outcome.length, 0);
  const all = (of: (run: ExperimentRun) => string | undefined) =>
    unique(runs.flatMap((run) => of(run) ?? [])).join(', ');
  const factors = all(
    ({ model, cpuFactor, kind }) => `${short(cpuFactor)} (${model}${kind === 'hpa' ? ' HPA' : ''})`,
  );
  const precisions = all(precisionOf);
  const precision = precisions.includes(', ')
    ? all((run) => precisionOf(run) && `${precisionOf(run)} (${run.model})`)
    : precisions;
  const flaws = unique(runs.flatMap(flawsOf));
  const commit = all(({ timeline }) => timeline.subject.commit?.slice(0, DIGEST_CHARACTERS));
  return [
    'measured',
    days(runs),
    `n = ${grouped(requests)} requests in ${plural(runs.length, 'run')}`,
    `seed${new Set(runs.map((run) => loadOf(run).settings.seed)).size > 1 ? 's' : ''} ${seeds(runs)}`,
    `${plural(runs[0]!.timeline.subject.nodes.length, 'node')} on one machine: ${all(({ timeline }) =>
      cpuText(timeline.subject.machine),
    )}`,
    ...(commit === '' ? [] : [`commit ${commit}`]),
    `image ${all(({ imageDigest }) => shortDigest(imageDigest))}`,
    ...(precision === '' ? [] : [`precision ${precision}`]),
    `CPU requests and limits as printed × ${factors}`,
    ...(runs.some(({ form }) => form === 'quick') ? ['quick form (--quick)'] : []),
    ...flaws.map((flaw) => `INVALID: ${flaw}`),
  ];
}
