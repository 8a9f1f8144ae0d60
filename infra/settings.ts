/**
 * Settings of the manifests that leave the variants as they are. `dist/` has the defaults.
 */
import { existsSync, readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { IMAGE, SERVICE_NAME } from '../service/contract';
import { type Basis, BASES } from './allocation';
import {
  type Autoscaler,
  AUTOSCALERS,
  HPA_MEASURES,
  type InferenceServiceProps,
  METRICS_SCRAPES,
  SERVICE_TYPES,
  type ServiceType,
  USER_IDS,
} from './construct/inference-service-props';
import { checkModelNames, type ModelNames } from './model-names';
import {
  checkAddedLabels,
  checkAnnotations,
  checkEnv,
  checkEphemeralStorage,
  checkHpaTolerance,
  checkMetricsPort,
  checkNodeSelector,
  checkQueueWaitTarget,
} from './construct/option-checks';
import { checkTogether } from './construct/option-conflicts';
import {
  readArchitectures,
  readChecked,
  readFormed,
  readNamespace,
  readNumber,
  readNumbers,
  readOneOf,
  readPairs,
  readPodsOfNamespaces,
  readText,
  readTolerations,
  type Setting,
} from './setting-readers';

/** The environment variable of each setting. Its key in the context is the setting's name. */
export const SETTING_VARIABLES = {
  namespace: 'TANDEM_NAMESPACE',
  createNamespace: 'TANDEM_CREATE_NAMESPACE',
  models: 'TANDEM_MODELS',
  image: 'TANDEM_IMAGE',
  imagePullSecret: 'TANDEM_IMAGE_PULL_SECRET',
  serviceType: 'TANDEM_SERVICE_TYPE',
  basis: 'TANDEM_BASIS',
  autoscaler: 'TANDEM_AUTOSCALER',
  env: 'TANDEM_ENV',
  apiKeySecret: 'TANDEM_API_KEY_SECRET',
  metricsPort: 'TANDEM_METRICS_PORT',
  metricsScrape: 'TANDEM_METRICS_SCRAPE',
  podMonitorLabels: 'TANDEM_POD_MONITOR_LABELS',
  podLabels: 'TANDEM_POD_LABELS',
  podAnnotations: 'TANDEM_POD_ANNOTATIONS',
  serviceAnnotations: 'TANDEM_SERVICE_ANNOTATIONS',
  nodeSelector: 'TANDEM_NODE_SELECTOR',
  architectures: 'TANDEM_ARCHITECTURES',
  tolerations: 'TANDEM_TOLERATIONS',
  priorityClassName: 'TANDEM_PRIORITY_CLASS',
  userIds: 'TANDEM_USER_IDS',
  ephemeralStorage: 'TANDEM_EPHEMERAL_STORAGE',
  hpaMeasures: 'TANDEM_HPA_MEASURES',
  hpaTolerancePercent: 'TANDEM_HPA_TOLERANCE_PERCENT',
  queueWaitTargetMs: 'TANDEM_QUEUE_WAIT_TARGET_MS',
  prometheusUrl: 'TANDEM_PROMETHEUS_URL',
  callers: 'TANDEM_CALLERS',
  metricsCallers: 'TANDEM_METRICS_CALLERS',
  domain: 'TANDEM_DOMAIN',
  gateway: 'TANDEM_GATEWAY',
  ingressClass: 'TANDEM_INGRESS_CLASS',
  ingressAnnotations: 'TANDEM_INGRESS_ANNOTATIONS',
  tlsSecret: 'TANDEM_TLS_SECRET',
} as const;

type SettingName = keyof typeof SETTING_VARIABLES;

/** What each setting does: `infra/option-help.ts`. */
export interface Settings extends Pick<
  InferenceServiceProps,
  Extract<SettingName, keyof InferenceServiceProps>
> {
  /** Namespace of every object. */
  readonly namespace: string;
  /** Whether to write the Namespace object, which restricts every pod in the namespace and whose deletion deletes them. */
  readonly createNamespace: boolean;
  /** Image by tag, or by digest (`repository@sha256:…`). */
  readonly image: string;
  readonly serviceType: ServiceType;
  /** `container`: the figures as printed; `node`: each pod's share of them, without the system's pods. */
  readonly basis: Basis;
  /** What the autoscaler of the HPA variants is. */
  readonly autoscaler: Autoscaler;
  /** Name of the model that the variants of a recipe serve. @default the recipe's own name, as the demo models have */
  readonly models?: ModelNames;
}

export const DEFAULT_SETTINGS: Settings = {
  namespace: SERVICE_NAME,
  createNamespace: true,
  image: IMAGE,
  serviceType: 'ClusterIP',
  basis: 'container',
  autoscaler: 'hpa',
};

/** Environment variables. Not Node's own type, so that importers of the construct need no Node types. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Values by setting name, as in a construct tree's context. */
export type Context = Readonly<Record<string, unknown>>;

/** What a YAML file holds. */
function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file} must be readable YAML: ${(cause as Error).message.trim()}`, { cause });
  }
}

const isMap = (value: unknown): value is Context =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads the map `context` from cdk8s.yaml in the working directory, as AWS CDK does from cdk.json. The cdk8s command
 * itself passes no context to the app.
 *
 * @throws Error naming the file, and a key that is not a setting
 */
export function readContext(file = 'cdk8s.yaml'): Context {
  if (!existsSync(file)) return {};
  const settings = readYaml(file) ?? {};
  if (!isMap(settings)) throw new Error(`${file} must be a map, received ${JSON.stringify(settings)}`);
  const { context = {} } = settings;
  const known = Object.keys(SETTING_VARIABLES);
  if (!isMap(context)) {
    throw new Error(`context in ${file} must be a map of ${known.join(', ')}, received ${context}`);
  }
  const unknown = Object.keys(context).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new Error(`context in ${file} must hold ${known.join(', ')} only, received ${unknown}`);
  }
  return context;
}

/** The namespace of those who chose none. */
const SHARED_NAMESPACE = 'default';

const READERS: { readonly [K in keyof Settings]-?: (setting: Setting) => NonNullable<Settings[K]> } = {
  namespace: readNamespace,
  createNamespace: (setting) => readOneOf(['true', 'false'])(setting) === 'true',
  models: readChecked(readPairs, checkModelNames),
  image: readFormed('image'),
  imagePullSecret: readFormed('imagePullSecret'),
  serviceType: readOneOf(SERVICE_TYPES),
  basis: readOneOf(BASES),
  autoscaler: readOneOf(AUTOSCALERS),
  env: readChecked(readPairs, checkEnv),
  apiKeySecret: readFormed('apiKeySecret'),
  metricsPort: readChecked(readNumber, checkMetricsPort),
  metricsScrape: readOneOf(METRICS_SCRAPES),
  podMonitorLabels: readChecked(readPairs, checkAddedLabels),
  podLabels: readChecked(readPairs, checkAddedLabels),
  podAnnotations: readChecked(readPairs, checkAnnotations),
  serviceAnnotations: readChecked(readPairs, checkAnnotations),
  nodeSelector: readChecked(readPairs, checkNodeSelector),
  architectures: readArchitectures,
  tolerations: readTolerations,
  priorityClassName: readFormed('priorityClassName'),
  userIds: readOneOf(USER_IDS),
  ephemeralStorage: readChecked(readText, checkEphemeralStorage),
  hpaMeasures: readOneOf(HPA_MEASURES),
  hpaTolerancePercent: readChecked(readNumbers, checkHpaTolerance),
  queueWaitTargetMs: readChecked(readNumber, checkQueueWaitTarget),
  prometheusUrl: readFormed('prometheusUrl'),
  callers: readPodsOfNamespaces,
  metricsCallers: readPodsOfNamespaces,
  domain: readFormed('domain'),
  gateway: readFormed('gateway'),
  ingressClass: readFormed('ingressClass'),
  ingressAnnotations: readChecked(readPairs, checkAnnotations),
  tlsSecret: readFormed('tlsSecret'),
};

/** Where a setting comes from and what it says: the environment, then the context. An empty variable counts as unset. */
function settingIn(name: SettingName, environment: Environment, context: Context): Setting {
  const variable = SETTING_VARIABLES[name];
  const set = environment[variable];
  return set ? { from: variable, value: set } : { from: `context ${name}`, value: context[name] };
}

const hasValue = ({ value }: Setting): boolean => value !== undefined && value !== '';

/** Whether a setting is set, even to its default. */
export const isSet = (name: SettingName, environment: Environment, context: Context): boolean =>
  hasValue(settingIn(name, environment, context));

/**
 * Reads the settings from the environment, then the context, then the defaults. The Namespace object is written by default
 * for the project's own namespace only: others may share a namespace that is set.
 *
 * @throws Error naming the variable or the key in the context, its value and what it must be
 */
export function readSettings(environment: Environment, context: Context): Settings {
  const settingOf = (name: keyof Settings) => settingIn(name, environment, context);
  const names = Object.keys(SETTING_VARIABLES) as (keyof Settings)[];
  const read = Object.fromEntries(
    names.flatMap((name) => {
      const setting = settingOf(name);
      return hasValue(setting) ? [[name, READERS[name](setting)]] : [];
    }),
  ) as Partial<Settings>;
  checkTogether((name) => settingOf(name).from, read.autoscaler ?? DEFAULT_SETTINGS.autoscaler, read);
  const { namespace = DEFAULT_SETTINGS.namespace } = read;
  const createNamespace = read.createNamespace ?? namespace === DEFAULT_SETTINGS.namespace;
  if (createNamespace && namespace === SHARED_NAMESPACE) {
    throw new Error(
      `${settingOf('createNamespace').from} must not be true for the namespace ${SHARED_NAMESPACE}, which every cluster ` +
        'has and others use: set it to false or choose another namespace',
    );
  }
  return { ...DEFAULT_SETTINGS, ...read, createNamespace };
}
