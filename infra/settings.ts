/**
 * What an operator may set about the manifests without touching the variants. `dist/` is made with the defaults.
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
  /** Name of a Secret of type `kubernetes.io/dockerconfigjson`. @default none: the nodes need no credentials */
  readonly imagePullSecret?: string;
  readonly serviceType: ServiceType;
  /** `container`: the figures as printed; `node`: a pod's share of them, the system's pods taken off. */
  readonly basis: Basis;
}

export const DEFAULT_SETTINGS: Settings = {
  namespace: SERVICE_NAME,
  image: IMAGE,
  serviceType: 'ClusterIP',
  basis: 'container',
};

/** The environment variable of each setting; the key of its context is the setting's own name. */
export const SETTING_VARIABLES = {
  namespace: 'TANDEM_NAMESPACE',
  image: 'TANDEM_IMAGE',
  imagePullSecret: 'TANDEM_IMAGE_PULL_SECRET',
  serviceType: 'TANDEM_SERVICE_TYPE',
  basis: 'TANDEM_BASIS',
} as const satisfies Record<keyof Settings, string>;

/** Variables of a process; Node's own type would ask for Node's types of whoever imports the construct. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Values by the names of settings, as a construct tree's context has them. */
export type Context = Readonly<Record<string, unknown>>;

/**
 * The map `context` of the working directory's cdk8s.yaml, as AWS CDK has it in cdk.json: the cdk8s command itself hands
 * no context on.
 *
 * @throws Error naming what is no setting
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
 * How the names of Kubernetes' own namespaces start; the manifests would restrict all that runs there.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
 */
const RESERVED_PREFIX = 'kube-';

/**
 * Reads the settings: the environment first, where an empty variable is none, then the context, then the defaults.
 *
 * @throws Error naming the variable or the context's key, its value and what it may be
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
      `${namespace.from} must not start with ${RESERVED_PREFIX}, which Kubernetes keeps for its own namespaces: ` +
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
