/** Figures of a document by round: medians, ranges and ratios within one round. Pure. */
import { minTrials } from '../../statistics/binomial';
import { medianOf } from '../../statistics/median';
import { CONFIDENCE } from '../load/validity';
import type { ImageName, LoadFigures, PeersDocument, Served, Visit } from './peers-document';
import { BUSY_CLIENTS } from './plan';

/** What a visit is chosen by; what is left out may be any. */
export type Choice = Partial<Omit<Served, 'setting'>> & { readonly setting?: Partial<Served['setting']> };

const agrees = (visit: Visit, { setting, ...choice }: Choice) =>
  Object.entries(choice).every(([name, value]) => visit[name as keyof Served] === value) &&
  Object.entries(setting ?? {}).every(
    ([name, value]) => visit.setting[name as keyof Served['setting']] === value,
  );

/** The visits of a choice. */
export const visitsOf = ({ visits }: PeersDocument, choice: Choice): Visit[] =>
  visits.filter((visit) => agrees(visit, choice));

const loadOf = ({ loads }: Visit, image: ImageName, clients: number): LoadFigures | undefined =>
  loads.find((load) => load.image === image && load.clients === clients);

/** A percentile of one client's answers; undefined where `bench load` would leave it out too: they are too few. */
function latencyMs(visit: Visit, share: number, of: 'p50Ms' | 'p90Ms'): number | undefined {
  const load = loadOf(visit, 'small', 1);
  return load !== undefined && load.images >= minTrials(share, 0, CONFIDENCE) ? load[of] : undefined;
}

/** What a visit gives; undefined where it was not measured. */
export const FIGURES = {
  perSecond: (visit: Visit) => loadOf(visit, 'small', BUSY_CLIENTS)?.perSecond,
  largePerSecond: (visit: Visit) => loadOf(visit, 'large', BUSY_CLIENTS)?.perSecond,
  cpuMs: (visit: Visit) => loadOf(visit, 'small', BUSY_CLIENTS)?.cpuMsPerImage,
  p50Ms: (visit: Visit) => latencyMs(visit, 0.5, 'p50Ms'),
  p90Ms: (visit: Visit) => latencyMs(visit, 0.9, 'p90Ms'),
  readySeconds: (visit: Visit) => visit.readyMs / 1000,
  pssMebibytes: (visit: Visit) => visit.pssMebibytes,
} as const;
export type Figure = keyof typeof FIGURES;

/** A figure of one choice, by round. */
export function byRound(document: PeersDocument, choice: Choice, figure: Figure): Map<number, number> {
  return new Map(
    visitsOf(document, choice).flatMap((visit) => {
      const value = FIGURES[figure](visit);
      return value === undefined ? [] : [[visit.round, value] as const];
    }),
  );
}

/** Combines two figures within each round that has both. */
export const within = (
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
  combine: (a: number, b: number) => number,
): number[] => [...a].flatMap(([round, value]) => (b.has(round) ? [combine(value, b.get(round)!)] : []));

/** Ratios of two figures, one per round. */
export const ratios = (a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number[] =>
  within(a, b, (x, y) => x / y);

/** A number with three significant digits, whole from 100 on. */
export const digits = (value: number): string =>
  value >= 99.95 ? value.toFixed(0) : String(Number(value.toPrecision(3)));

/** What stands where nothing was measured. */
export const NONE = '–';

/** Median and range: `12.3 (11.9–12.8)`; the median alone where both ends look like it. */
export function spread(values: readonly number[], format: (value: number) => string = digits): string {
  if (values.length === 0) return NONE;
  const ends = [medianOf(values), Math.min(...values), Math.max(...values)] as const;
  const [middle, low, high] = ends.map(format);
  return low === middle && high === middle ? middle! : `${middle} (${low}–${high})`;
}

/** The settings of a choice, in the order of the document. */
export function settingsOf(document: PeersDocument, choice: Choice): Served['setting'][] {
  const all = visitsOf(document, choice).map(({ setting }) => setting);
  return all.filter(
    (setting, i) => all.findIndex((other) => settingText(other) === settingText(setting)) === i,
  );
}

/** `1 × 2`: processes × threads. */
export const settingText = ({ processes, threads }: Served['setting']): string => `${processes} × ${threads}`;

/** The choice with the setting whose median rate is the highest. */
export function bestSetting(document: PeersDocument, choice: Choice): Choice {
  const rate = (setting: Served['setting']) =>
    medianOf([...byRound(document, { ...choice, setting }, 'perSecond').values()]);
  const [best] = settingsOf(document, choice).sort((a, b) => rate(b) - rate(a));
  return best === undefined ? choice : { ...choice, setting: best };
}
