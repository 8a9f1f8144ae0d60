/** What the twin says of the deployments of a confirmed plan, from the recordings that there are now. Pure. */
import { parseCpuMillis } from '../../infra/quantity';
import { CLUSTER } from '../../infra/scheduler/cluster';
import { planBound } from '../adviser/bounds';
import type { Judgement } from '../adviser/judge';
import { judgeFully } from '../adviser/ranking';
import { profilesOf } from '../adviser/validation';
import type { Evidence } from '../evidence/evidence';
import type { ExperimentRun, VariantFigures } from '../evidence/experiment-run';
import { loadOf } from '../evidence/runs';
import { durationSeconds, parseLoad } from '../load/load';
import type { ConfirmationDocument } from './confirmation';

/** A judge of recorded deployments, as `plan` judges what it shows: the same seeds, and the bound of these recordings. */
export function recordedJudge(
  evidence: Evidence,
  { slo, ratePerSecond }: Pick<ConfirmationDocument, 'slo' | 'ratePerSecond'>,
): (figures: VariantFigures, recorded: ExperimentRun) => Judgement {
  const { fits, profiles, missing } = profilesOf(evidence);
  const bound = planBound(evidence, fits, slo.percentile);
  return ({ resources: { requests, limits }, scaling }, recorded) => {
    const profile = profiles.find(({ model }) => model === recorded.model);
    if (profile === undefined) throw new Error(missing.join('\n'));
    const seconds = durationSeconds(parseLoad(loadOf(recorded).settings.load));
    return judgeFully(
      {
        ...{ profile, scaling },
        cpuRequestMillis: parseCpuMillis(requests.cpu),
        cpuLimitMillis: parseCpuMillis(limits.cpu),
      },
      { slo, bound, nodes: CLUSTER.length, load: { kind: 'poisson', ratePerSecond, seconds } },
    );
  };
}
