/** The reference's variants in docs/experiment.md, simulated: one table, and what each one's figures are worth. Pure. */
import { table } from '../../charts/markdown';
import { percent } from '../../charts/percent';
import { parseCpuMillis, parseMemoryBytes } from '../../infra/quantity';
import { MODELS } from '../../models/catalog';
import { parallelismOf } from '../../service/inference/parallelism';
import { DEFAULT_FLAGS } from '../autoscaler/settings';
import { objective, plural, short } from '../evidence/words';
import { memoryUseOf, scalingText } from './candidate';
import {
  type Frontier,
  FRONTIER_SLO,
  type FrontierPoint,
  type LoadFrontier,
  type VariantCapacity,
} from './frontier';
import { NO_DATA } from './validation-tables';

const code = (text: string) => `\`${text}\``;
const cores = (value: number) => value.toFixed(2);

/** The same option under each load has the same name, kind and scaling. */
const keyOf = ({ kind, name, judgement }: FrontierPoint) =>
  `${kind} ${name} ${JSON.stringify(judgement.candidate.scaling)}`;

function nameOf({ kind, name, judgement }: FrontierPoint): string {
  const { scaling } = judgement.candidate;
  if (kind === 'variant' && scaling.kind === 'fixed') return code(name);
  if (kind === 'variant' || kind === 'target') return `${code(name)}, ${scalingText(scaling)}`;
  if (kind === 'fleet') return `pods of ${code(name)}, fixed: ${scalingText(scaling)}`;
  return `${name}, ${scalingText(scaling)}`;
}

/** CPU requested and share in time of one option under one load. */
function cellsOf(point: FrontierPoint | undefined): string[] {
  if (point === undefined) return ['', ''];
  const { coresRequested, inTimeShare } = point.judgement;
  return [cores(coresRequested), `${percent(inTimeShare)}${resultOf(point)}`];
}

/** What is wrong with an option; nothing where nothing is. */
function resultOf({ kind, judgement: { passes, coversUse } }: FrontierPoint): string {
  if (!passes) return ', fails';
  return kind === 'rival' && !coversUse ? ', only while the nodes have spare CPU' : '';
}

/** Every option under every load; a variant's capacity beside it. */
export function frontierTable({ loads, capacities }: Frontier): string {
  if (loads.every(({ points }) => points.length === 0)) return NO_DATA;
  const all = new Map(loads.flatMap(({ points }) => points.map((point) => [keyOf(point), point] as const)));
  const capacityOf = ({ kind, name }: FrontierPoint) =>
    kind === 'variant' ? capacities.find(({ variant }) => variant.name === name) : undefined;
  const rows = [...all].map(([key, point]) => {
    const capacity = capacityOf(point);
    return [
      nameOf(point),
      capacity === undefined ? '' : `${capacity.pods.fit} of ${capacity.pods.asked}`,
      capacity === undefined ? '' : short(capacity.kneePerSecond),
      ...loads.flatMap(({ points }) => cellsOf(points.find((each) => keyOf(each) === key))),
    ];
  });
  const ideal = loads.flatMap(({ idealCores }) => [idealCores === undefined ? '' : cores(idealCores), '']);
  const head = loads.flatMap(({ load }) => [`${load.words}: cores requested`, 'in time']);
  return table(
    ['deployment', 'pods that fit', `carries, images/s at ${objective(FRONTIER_SLO)}`, ...head],
    [...rows, ['the ideal, with the variants’ pods', '', '', ...ideal]],
  );
}

/** A request this near to the use fits. */
const FITTING_SHARE = 0.1;

function requestFinding(useMillis: number, requestMillis: number): string {
  const share = useMillis / requestMillis - 1;
  if (Math.abs(share) <= FITTING_SHARE) return 'about as much: it fits';
  return share > 0 ? `${percent(share)} more: too tight` : `${percent(-share)} less: wasteful`;
}

/** What a CPU request is worth. Behind an HPA it is the base of the target, so that it need not be what a full pod uses. */
function cpuRequestFinding({
  variant,
  candidate,
  pods,
  kneePerSecond,
  podUseMillis,
}: VariantCapacity): string {
  const { scaling } = variant;
  const { cpuRequestMillis } = candidate;
  const request = `CPU request ${cpuRequestMillis}m:`;
  const useMillis = Math.round(podUseMillis);
  if (scaling.kind === 'hpa') {
    const targetMillis = Math.round((scaling.targetCpuPercent / 100) * cpuRequestMillis);
    return `${request} at its target a pod uses ${targetMillis}m of it; when all ${pods.fit} pods are full, each uses ${useMillis}m`;
  }
  return (
    `${request} a pod that carries ${short(kneePerSecond / pods.fit)} images/s uses ` +
    `${useMillis}m, ${requestFinding(podUseMillis, cpuRequestMillis)}`
  );
}

/** What the figures of one variant are worth: a sentence each. */
function findings(capacity: VariantCapacity): string[] {
  const { variant, candidate, pods, podUseMillis } = capacity;
  const { profile, cpuRequestMillis } = candidate;
  const { scaling, resources } = variant;
  const limitMillis = parseCpuMillis(resources.limits.cpu);
  const { processes, threads } = parallelismOf(MODELS[profile.model].architecture, limitMillis);
  const usableMillis = 1000 * processes * threads;
  const memoryShare =
    parseMemoryBytes(resources.requests.memory) / memoryUseOf({ profile, cpuLimitMillis: limitMillis });
  return [
    cpuRequestFinding(capacity),
    `CPU limit ${limitMillis}m: ${processes === 1 ? '1 process' : `${processes} processes`} of ${plural(threads, 'thread')} can use ${usableMillis}m of it, ` +
      `${limitMillis - usableMillis}m are wasted` +
      (candidate.cpuLimitMillis < usableMillis
        ? `; with ${pods.fit} pods on the nodes each has ${candidate.cpuLimitMillis}m`
        : ''),
    `Memory request: ${short(memoryShare)} times what ${processes === 1 ? 'its process uses' : `its ${processes} processes use`}`,
    ...(pods.fit < pods.asked
      ? [`${pods.asked - pods.fit} of its ${pods.asked} pods do not fit the nodes`]
      : []),
    ...(scaling.kind === 'hpa'
      ? [targetFinding(scaling.targetCpuPercent, cpuRequestMillis, podUseMillis)]
      : []),
  ];
}

function targetFinding(targetPercent: number, requestMillis: number, podUseMillis: number): string {
  const fromMillis = (targetPercent / 100) * (1 + DEFAULT_FLAGS.tolerance) * requestMillis;
  return (
    `HPA target ${targetPercent} %: it adds a pod when the pods use more than ${Math.round(fromMillis)}m each, ` +
    `${percent(fromMillis / podUseMillis)} of what one can carry`
  );
}

/** One line per variant. */
export const findingsList = ({ capacities }: Frontier): string =>
  capacities.length === 0
    ? NO_DATA
    : capacities.map((each) => `- ${code(each.variant.name)}. ${findings(each).join('. ')}.`).join('\n');

/** `1.2 times the ideal` of the cheapest variant under a load. */
export const timesIdeal = ({ cheapest, idealCores }: LoadFrontier): string | undefined =>
  cheapest === undefined || idealCores === undefined
    ? undefined
    : `${(cheapest.judgement.coresRequested / idealCores).toFixed(1)} times the ideal`;
