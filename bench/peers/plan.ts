/**
 * What each round of `npm run bench:peers` measures: which server, with which model, under which limit.
 */
import { MODEL_IDS, type ModelId, MODELS } from '../../models/catalog';
import { type Parallelism, parallelismOf } from '../../service/inference/parallelism';
import type { Form, ImageName, Served } from './peers-document';
import type { ServerName } from './servers';

/** One load of a visit. */
export interface PlannedLoad {
  readonly image: ImageName;
  readonly clients: number;
  readonly seconds: number;
}

/** One visit of every round. */
export interface PlannedVisit extends Served {
  readonly loads: readonly PlannedLoad[];
}

/** Clients of the loads that give a rate; the others have one client, which gives the latency of an idle server. */
export const BUSY_CLIENTS = 4;

/** Rounds, and the seconds of each load by model: ResNet101V2 needs more for as many images. */
export const LENGTHS = {
  full: {
    rounds: 3,
    warmUpSeconds: 1,
    engineSeconds: 2,
    busySeconds: { accuracy: 4, latency: 3 },
    singleSeconds: { accuracy: 2.5, latency: 2 },
  },
  quick: {
    rounds: 2,
    warmUpSeconds: 1,
    engineSeconds: 1,
    busySeconds: { accuracy: 2.5, latency: 2 },
    singleSeconds: { accuracy: 1.5, latency: 1 },
  },
} as const satisfies Record<
  Form,
  {
    readonly rounds: number;
    readonly warmUpSeconds: number;
    readonly engineSeconds: number;
    readonly busySeconds: Readonly<Record<ModelId, number>>;
    readonly singleSeconds: Readonly<Record<ModelId, number>>;
  }
>;

export const ONE_CORE_MILLIS = 1000;
export const TWO_CORES_MILLIS = 2000;
export const HALF_CORE_MILLIS = 500;

const ONE: Parallelism = { processes: 1, threads: 1 };
const WIDE: Parallelism = { processes: 1, threads: 2 };
const SIDE_BY_SIDE: Parallelism = { processes: 2, threads: 1 };

interface Row {
  readonly limitMillis: number;
  readonly precision: Served['precision'];
  readonly servers: readonly ServerName[];
  /** Of every server but Tandem, which chooses itself. */
  readonly settings: readonly Parallelism[];
  /** @default both */
  readonly models?: readonly ModelId[];
  /** @default both */
  readonly forms?: readonly Form[];
}

const ONNXRUNTIME_PEERS = ['litserve', 'bentoml', 'mlserver'] as const;
/** Those that anybody would compare first. */
const MAIN = ['tandem', 'fastapi', 'openvino'] as const;
const FULL: readonly Form[] = ['full'];
const LATENCY: readonly ModelId[] = ['latency'];

const ROWS: readonly Row[] = [
  {
    ...{ limitMillis: ONE_CORE_MILLIS, precision: 'fp32', settings: [ONE] },
    servers: [...MAIN, 'floor', 'openvino-f32', ...ONNXRUNTIME_PEERS, 'express'],
  },
  { ...{ limitMillis: ONE_CORE_MILLIS, precision: 'int8', settings: [ONE] }, servers: [...MAIN, 'floor'] },
  {
    ...{ limitMillis: TWO_CORES_MILLIS, precision: 'fp32', settings: [WIDE] },
    servers: ['tandem', 'openvino'],
  },
  {
    ...{ limitMillis: TWO_CORES_MILLIS, precision: 'fp32', settings: [WIDE, SIDE_BY_SIDE] },
    servers: ['fastapi'],
  },
  {
    ...{ limitMillis: TWO_CORES_MILLIS, precision: 'fp32', settings: [SIDE_BY_SIDE], models: LATENCY },
    ...{ servers: ['openvino', 'litserve', 'bentoml'], forms: FULL },
  },
  {
    ...{ limitMillis: TWO_CORES_MILLIS, precision: 'fp32', settings: [WIDE], models: LATENCY },
    ...{ servers: ['mlserver'], forms: FULL },
  },
  { ...{ limitMillis: TWO_CORES_MILLIS, precision: 'int8', settings: [WIDE] }, servers: ['tandem'] },
  {
    ...{ limitMillis: TWO_CORES_MILLIS, precision: 'int8', settings: [WIDE, SIDE_BY_SIDE] },
    servers: ['fastapi'],
  },
  {
    ...{ limitMillis: HALF_CORE_MILLIS, precision: 'fp32', settings: [ONE], models: LATENCY },
    servers: MAIN,
  },
  {
    ...{ limitMillis: HALF_CORE_MILLIS, precision: 'int8', settings: [ONE], models: LATENCY },
    servers: ['tandem', 'fastapi'],
  },
];

function loadsOf(form: Form, model: ModelId, { limitMillis, precision }: Row): PlannedLoad[] {
  const { busySeconds, singleSeconds } = LENGTHS[form];
  const busy = (image: ImageName) => ({ image, clients: BUSY_CLIENTS, seconds: busySeconds[model] });
  const single: PlannedLoad = { image: 'small', clients: 1, seconds: singleSeconds[model] };
  const isOneCore = limitMillis === ONE_CORE_MILLIS;
  return [
    busy('small'),
    ...(limitMillis === HALF_CORE_MILLIS ? [] : [single]),
    // The size of an image is a matter of decoding, which the model does not change.
    ...(isOneCore && model === 'latency' && precision === 'fp32' ? [busy('large')] : []),
  ];
}

/**
 * All visits of a round, in their order: what is compared follows each other.
 *
 * @param only names of servers @default all
 */
export function planOf(form: Form, only: readonly ServerName[] = []): PlannedVisit[] {
  const groups = MODEL_IDS.toReversed().flatMap((model) =>
    ROWS.filter(
      ({ models = MODEL_IDS, forms = ['full', 'quick'] }) => models.includes(model) && forms.includes(form),
    ).map((row) => ({ model, row })),
  );
  return groups
    .flatMap(({ model, row }) =>
      row.servers.flatMap((server) => {
        const { limitMillis, precision } = row;
        const { architecture } = MODELS[model];
        const settings = server === 'tandem' ? [parallelismOf(architecture, limitMillis)] : row.settings;
        const loads = loadsOf(form, model, row);
        return settings.map((setting) => ({ model, precision, limitMillis, server, setting, loads }));
      }),
    )
    .filter(({ server }) => only.length === 0 || only.includes(server));
}

/** Names a visit in progress lines and among those that failed. */
export const visitName = ({ model, precision, limitMillis, server, setting }: Served): string =>
  `${server} ${model} ${precision} ${limitMillis}m ${setting.processes}x${setting.threads}`;

/** The order of a round: every second one backwards, so that a machine that slows down favours nobody. */
export const orderOf = (plan: readonly PlannedVisit[], round: number): PlannedVisit[] =>
  round % 2 === 1 ? [...plan] : [...plan].reverse();
