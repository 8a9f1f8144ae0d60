/** The goals that this project set itself, each judged by a document. Pure. */
import type { ModelId } from '../../models/catalog';
import type { Precision } from '../../models/engines/engine';
import { medianOf } from '../../statistics/median';
import { CANNOT_TELL, modelName } from '../evidence/words';
import {
  bestSetting,
  byRound,
  type Choice,
  digits,
  type Figure,
  NONE,
  ratios,
  spread,
  within,
} from './figures';
import type { PeersDocument } from './peers-document';
import { ONE_CORE_MILLIS, TWO_CORES_MILLIS } from './plan';
import type { ServerName } from './servers';

type Bound = { readonly atLeast: number } | { readonly atMost: number };

interface Goal {
  readonly text: string;
  readonly bound: Bound;
  readonly unit: '×' | 'ms' | 's' | 'MiB';
  /** One value per round; none where it was not measured. */
  readonly values: (document: PeersDocument) => number[];
}

const served = (
  server: ServerName,
  model: ModelId,
  precision: Precision,
  limitMillis = ONE_CORE_MILLIS,
): Choice => ({
  ...{ server, model, precision, limitMillis },
});

/** A figure of the first choice as a multiple of that of the second one. */
const times = (figure: Figure, ours: Choice, theirs: Choice) => (document: PeersDocument) =>
  ratios(byRound(document, ours, figure), byRound(document, bestSetting(document, theirs), figure));

/** Peers that compute in float32 on every CPU. */
const FP32_PEERS: readonly ServerName[] = [
  'fastapi',
  'openvino-f32',
  'litserve',
  'bentoml',
  'mlserver',
  'express',
];

/** The best float32 peer of a model, by its median rate. OpenVINO as it comes is one where the CPU has no bfloat16. */
export function bestFp32Peer(document: PeersDocument, model: ModelId): ServerName | undefined {
  const names = document.hasBfloat16 ? FP32_PEERS : [...FP32_PEERS, 'openvino' as const];
  const rates = names.map((name) => ({
    name,
    rate: medianOf([...byRound(document, served(name, model, 'fp32'), 'perSecond').values()]),
  }));
  return rates.filter(({ rate }) => rate > 0).sort((a, b) => b.rate - a.rate)[0]?.name;
}

/** CPU time of a whole answer less that of the engine alone, by round. */
const aroundEngine = (model: ModelId, precision: Precision) => (document: PeersDocument) => {
  const engines = document.engines.filter((each) => each.model === model && each.precision === precision);
  const alone = new Map(engines.map(({ round, cpuMs }) => [round, cpuMs]));
  return within(
    byRound(document, served('tandem', model, precision), 'cpuMs'),
    alone,
    (all, engine) => all - engine,
  );
};

const own = (figure: Figure, model: ModelId) => (document: PeersDocument) => [
  ...byRound(document, served('tandem', model, 'int8'), figure).values(),
];

/** What each model should reach, where the two differ. */
const BY_MODEL = {
  latency: { int8OfFastapi: 2, twoCores: 1.9, mebibytes: 130, readySeconds: 0.7 },
  accuracy: { int8OfFastapi: 2.8, twoCores: 1.85, mebibytes: 200, readySeconds: 1 },
} as const satisfies Record<ModelId, object>;
/** CPU time that the goal allows MobileNetV2, of FastAPI's that was measured when it was set. */
const CPU_OF_FASTAPI = 10.0 / 10.3;

const int8Goals = (model: ModelId): Goal[] => [
  {
    text: `${modelName(model)} at int8: rate over that of FastAPI with onnxruntime at fp32`,
    ...{ bound: { atLeast: BY_MODEL[model].int8OfFastapi }, unit: '×' },
    values: times('perSecond', served('tandem', model, 'int8'), served('fastapi', model, 'fp32')),
  },
  {
    text: `${modelName(model)} at int8: rate over that of FastAPI with OpenVINO as it comes`,
    ...{ bound: { atLeast: 1.3 }, unit: '×' },
    values: times('perSecond', served('tandem', model, 'int8'), served('openvino', model, 'fp32')),
  },
  {
    text: `${modelName(model)} at int8: rate over that of FastAPI with the same int8 graph`,
    ...{ bound: { atLeast: 1.1 }, unit: '×' },
    values: times('perSecond', served('tandem', model, 'int8'), served('fastapi', model, 'int8')),
  },
];

const twoCoreGoals = (model: ModelId, precision: Precision): Goal[] => [
  {
    text: `${modelName(model)} at ${precision}: rate on two cores over that on one`,
    ...{ bound: { atLeast: BY_MODEL[model].twoCores }, unit: '×' },
    values: times(
      'perSecond',
      served('tandem', model, precision, TWO_CORES_MILLIS),
      served('tandem', model, precision),
    ),
  },
  {
    text: `${modelName(model)} at ${precision}, two cores: rate over that of FastAPI’s best setting`,
    ...{ bound: { atLeast: 1.05 }, unit: '×' },
    values: times(
      'perSecond',
      served('tandem', model, precision, TWO_CORES_MILLIS),
      served('fastapi', model, precision, TWO_CORES_MILLIS),
    ),
  },
];

const ownGoals = (model: ModelId): Goal[] => [
  {
    text: `${modelName(model)} at int8: memory (PSS)`,
    ...{ bound: { atMost: BY_MODEL[model].mebibytes }, unit: 'MiB', values: own('pssMebibytes', model) },
  },
  {
    text: `${modelName(model)} at int8: start to first answer`,
    ...{ bound: { atMost: BY_MODEL[model].readySeconds }, unit: 's', values: own('readySeconds', model) },
  },
];

const tandem = served('tandem', 'latency', 'fp32');
const fastapi = served('fastapi', 'latency', 'fp32');

/** All goals, on one core unless they say otherwise. */
export const GOALS: readonly Goal[] = [
  {
    text: 'MobileNetV2 at fp32: CPU time per image over that of FastAPI with onnxruntime',
    ...{ bound: { atMost: CPU_OF_FASTAPI }, unit: '×', values: times('cpuMs', tandem, fastapi) },
  },
  {
    text: 'MobileNetV2 at fp32: rate over that of FastAPI with onnxruntime',
    ...{ bound: { atLeast: 1.05 }, unit: '×', values: times('perSecond', tandem, fastapi) },
  },
  {
    text: 'MobileNetV2 at fp32, images of one megapixel: rate over that of FastAPI with onnxruntime',
    ...{ bound: { atLeast: 1.15 }, unit: '×', values: times('largePerSecond', tandem, fastapi) },
  },
  {
    text: 'ResNet101V2 at fp32: rate over that of the best fp32 peer',
    ...{ bound: { atLeast: 1 }, unit: '×' },
    values: (document) => {
      const peer = bestFp32Peer(document, 'accuracy');
      const ours = served('tandem', 'accuracy', 'fp32');
      return peer === undefined ? [] : times('perSecond', ours, served(peer, 'accuracy', 'fp32'))(document);
    },
  },
  ...int8Goals('latency'),
  ...int8Goals('accuracy'),
  ...(['latency', 'accuracy'] as const).flatMap((model) => [
    ...twoCoreGoals(model, 'fp32'),
    ...twoCoreGoals(model, 'int8'),
  ]),
  {
    text: 'MobileNetV2 at fp32: CPU time around the engine, per image of 320x240',
    ...{ bound: { atMost: 2 }, unit: 'ms', values: aroundEngine('latency', 'fp32') },
  },
  {
    text: 'MobileNetV2 at int8: CPU time around the engine, per image of 320x240',
    ...{ bound: { atMost: 2 }, unit: 'ms', values: aroundEngine('latency', 'int8') },
  },
  ...ownGoals('latency'),
  ...ownGoals('accuracy'),
];

/** `at least 1.05 ×`. */
export const boundText = (bound: Bound, unit: string): string =>
  'atLeast' in bound
    ? `at least ${digits(bound.atLeast)} ${unit}`
    : `at most ${digits(bound.atMost)} ${unit}`;

const MET = '**met**';
const NOT_MEASURED = 'not measured';

/** `met` or `missed` where every round says so, and by how much the median missed; else the rounds cannot tell. */
export function verdict(bound: Bound, values: readonly number[]): string {
  if (values.length === 0) return NOT_MEASURED;
  const isMet = (value: number) => ('atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost);
  if (values.every(isMet)) return MET;
  if (values.some(isMet)) return CANNOT_TELL;
  const value = medianOf(values);
  const share = 'atLeast' in bound ? 1 - value / bound.atLeast : value / bound.atMost - 1;
  const percent = 100 * share < 0.1 ? 'less than 0.1' : digits(100 * share);
  return 'atLeast' in bound ? `missed: ${percent} % too low` : `missed: ${percent} % too high`;
}

/** Each goal with what was measured and its verdict, as cells. */
export const goalRows = (document: PeersDocument): string[][] =>
  GOALS.map(({ text, bound, unit, values }) => {
    const measured = values(document);
    const cell = measured.length === 0 ? NONE : `${spread(measured)} ${unit}`;
    return [text, boundText(bound, unit), cell, verdict(bound, measured)];
  });

/** How many goals are met, and how many are neither met nor missed, of those that were measured. */
export function goalCount(document: PeersDocument): {
  readonly met: number;
  readonly undecided: number;
  readonly measured: number;
} {
  const verdicts = GOALS.map(({ bound, values }) => verdict(bound, values(document)));
  const count = (text: string) => verdicts.filter((each) => each === text).length;
  return {
    met: count(MET),
    undecided: count(CANNOT_TELL),
    measured: verdicts.length - count(NOT_MEASURED),
  };
}
