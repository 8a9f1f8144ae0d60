/**
 * Settings of the manifests that leave the variants as they are. `dist/` has the defaults.
 */
import { existsSync, readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { IMAGE, SERVICE_NAME } from '../service/contract';
import { type Basis, BASES } from './allocation';

export const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

export interface Settings {
  /** Namespace of every object. */
  readonly namespace: string;
  /** Image by tag, or by digest (`repository@sha256:…`). */
  readonly image: string;
  /** Name of a Secret of type `kubernetes.io/dockerconfigjson`. @default none: the registry needs no credentials */
  readonly imagePullSecret?: string;
  readonly serviceType: ServiceType;
  /** `container`: the figures as printed; `node`: each pod's share of them, without the system's pods. */
  readonly basis: Basis;
}

export const DEFAULT_SETTINGS: Settings = {
  namespace: SERVICE_NAME,
  image: IMAGE,
  serviceType: 'ClusterIP',
  basis: 'container',
};

/** The environment variable of each setting. Its key in the context is the setting's name. */
export const SETTING_VARIABLES = {
  namespace: 'TANDEM_NAMESPACE',
  image: 'TANDEM_IMAGE',
  imagePullSecret: 'TANDEM_IMAGE_PULL_SECRET',
  serviceType: 'TANDEM_SERVICE_TYPE',
  basis: 'TANDEM_BASIS',
} as const satisfies Record<keyof Settings, string>;

/** Environment variables. Not Node's own type, so that importers of the construct need no Node types. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Values by setting name, as in a construct tree's context. */
export type Context = Readonly<Record<string, unknown>>;

/**
 * Reads the map `context` from cdk8s.yaml in the working directory, as AWS CDK does from cdk.json. The cdk8s command
 * itself passes no context to the app.
 *
 * @throws Error naming a key that is not a setting
 */
export function readContext(file = 'cdk8s.yaml'): Context {
  if (!existsSync(file)) return {};
  const { context = {} } = (parse(readFileSync(file, 'utf8')) ?? {}) as { context?: unknown };
  const known = Object.keys(SETTING_VARIABLES);
  if (typeof context !== 'object' || context === null || Array.isArray(context)) {
    throw new Error(`context in ${file} must be a map of ${known.join(', ')}, received ${context}`);
  }
  const unknown = Object.keys(context).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new Error(`context in ${file} must hold ${known.join(', ')} only, received ${unknown}`);
  }
  return context as Context;
}

/**
 * Prefix of Kubernetes' own namespaces. The manifests would restrict every pod in such a namespace.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
 */
const RESERVED_PREFIX = 'kube-';

/**
 * Reads the settings from the environment, then the context, then the defaults. An empty variable counts as unset.
 *
 * @throws Error naming the variable or the key in the context, its value and what it must be
 */
export function readSettings(environment: Environment, context: Context): Settings {
  const read = (name: keyof Settings): { from: string; value: string } | undefined => {
    const variable = SETTING_VARIABLES[name];
    const set = environment[variable];
    const [from, value]: [string, unknown] = set ? [variable, set] : [`context ${name}`, context[name]];
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') throw new Error(`${from} must be text, received ${JSON.stringify(value)}`);
    return { from, value };
  };
  const readOneOf = <T extends string>(name: keyof Settings, known: readonly T[], otherwise: T): T => {
    const set = read(name);
    if (set === undefined) return otherwise;
    const found = known.find((item) => item === set.value);
    if (found === undefined)
      throw new Error(`${set.from} must be one of ${known.join(', ')}, received ${set.value}`);
    return found;
  };
  const namespace = read('namespace');
  if (namespace?.value.startsWith(RESERVED_PREFIX) === true) {
    throw new Error(
      `${namespace.from} must not start with ${RESERVED_PREFIX}, which Kubernetes reserves for its own namespaces: ` +
        `choose another name, received ${namespace.value}`,
    );
  }
  const imagePullSecret = read('imagePullSecret')?.value;
  return {
    namespace: namespace?.value ?? DEFAULT_SETTINGS.namespace,
    image: read('image')?.value ?? DEFAULT_SETTINGS.image,
    serviceType: readOneOf('serviceType', SERVICE_TYPES, DEFAULT_SETTINGS.serviceType),
    basis: readOneOf('basis', BASES, DEFAULT_SETTINGS.basis),
    ...(imagePullSecret === undefined ? {} : { imagePullSecret }),
  };
}
