/** What wins and what loses of judged candidates, those that are shown judged with all seeds. Pure. */
import type { Candidate } from './candidate';
import { judge, type Judgement, type Wish } from './judge';
import type { ModelProfile } from './model-profile';

/** Seeds for what is recommended or shown. */
const FINAL_SEEDS = 20;
/** How many losers of each kind an answer shows. */
export const SHOWN = 3;

export interface Ranking {
  readonly best?: Judgement;
  /** Cheaper than the best, but they fail; the dearest of them first. Beyond the first {@link SHOWN} they had a look only. */
  readonly cheaper: readonly Judgement[];
  /** They are good and cost as much or more; the cheapest first. */
  readonly dearer: readonly Judgement[];
  /** Of each model and precision that is never good, the candidate that comes nearest. */
  readonly nearest: readonly Judgement[];
}

/** Whether a candidate may be recommended. */
export const isGood = ({ passes, coversUse }: Judgement): boolean => passes && coversUse;

export const judgeFully = (candidate: Candidate, wish: Wish): Judgement =>
  judge(candidate, wish, FINAL_SEEDS);

export function ranked(judged: readonly Judgement[], profiles: readonly ModelProfile[]): Ranking {
  const byCost = [...judged].sort((a, b) => a.coresRequested - b.coresRequested);
  const best = byCost.find(isGood);
  const most = best?.coresRequested ?? Infinity;
  return {
    ...(best && { best }),
    cheaper: byCost.filter((each) => !isGood(each) && each.coresRequested <= most).reverse(),
    dearer: byCost.filter((each) => isGood(each) && each !== best),
    nearest: profiles.flatMap((profile) => {
      const own = judged.filter(({ candidate }) => candidate.profile === profile);
      if (own.length === 0 || own.some(isGood)) return [];
      return own.reduce((near, each) => (each.edgeMs < near.edgeMs ? each : near));
    }),
  };
}

/** Judges losers fully until all that an answer shows are: one of them may then pass, and others be shown. */
export function settle(
  looked: readonly Judgement[],
  profiles: readonly ModelProfile[],
  wish: Wish,
): readonly Judgement[] {
  const { cheaper, nearest } = ranked(looked, profiles);
  const unsure = [...cheaper.slice(0, SHOWN), ...nearest].filter(({ seeds }) => seeds < FINAL_SEEDS);
  if (unsure.length === 0) return looked;
  const surer = looked.map((each) => (unsure.includes(each) ? judgeFully(each.candidate, wish) : each));
  return settle(surer, profiles, wish);
}
