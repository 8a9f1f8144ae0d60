/**
 * Settings of the manifests that leave the variants as they are. `dist/` has the defaults.
 */
import { existsSync, readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { IMAGE, SERVICE_NAME } from '../service/contract';
import { type Basis, BASES } from './allocation';
import { checkText } from './text-forms';

export const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

export interface Settings {
  /** Namespace of every object. */
  readonly namespace: string;
  /** Whether to write the Namespace object, which restricts every pod in the namespace and whose deletion deletes them. */
  readonly createNamespace: boolean;
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
  createNamespace: true,
  image: IMAGE,
  serviceType: 'ClusterIP',
  basis: 'container',
};

/** The environment variable of each setting. Its key in the context is the setting's name. */
export const SETTING_VARIABLES = {
  namespace: 'TANDEM_NAMESPACE',
  createNamespace: 'TANDEM_CREATE_NAMESPACE',
  image: 'TANDEM_IMAGE',
  imagePullSecret: 'TANDEM_IMAGE_PULL_SECRET',
  serviceType: 'TANDEM_SERVICE_TYPE',
  basis: 'TANDEM_BASIS',
} as const satisfies Record<keyof Settings, string>;

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

/**
 * Prefix of Kubernetes' own namespaces.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
 */
const RESERVED_PREFIX = 'kube-';

/** The namespace of those who chose none. */
const SHARED_NAMESPACE = 'default';

/** A value that was set, and what to call it in errors. */
interface Setting {
  readonly from: string;
  readonly value: unknown;
}

function textOf({ from, value }: Setting): string {
  if (typeof value !== 'string') throw new Error(`${from} must be text, received ${JSON.stringify(value)}`);
  return value;
}

/** Reads one of several words; YAML reads `true` as a boolean, so that counts as its word. */
function oneOf<T extends string>(known: readonly T[], setting: Setting): T {
  const text = typeof setting.value === 'boolean' ? String(setting.value) : textOf(setting);
  const found = known.find((item) => item === text);
  if (found === undefined)
    throw new Error(`${setting.from} must be one of ${known.join(', ')}, received ${text}`);
  return found;
}

function namespaceOf(setting: Setting): string {
  const namespace = textOf(setting);
  checkText(setting.from, 'namespace', namespace);
  if (namespace.startsWith(RESERVED_PREFIX)) {
    throw new Error(
      `${setting.from} must not start with ${RESERVED_PREFIX}, which Kubernetes reserves for its own namespaces: ` +
        `choose another name, received ${namespace}`,
    );
  }
  return namespace;
}

function imageTextOf(field: 'image' | 'imagePullSecret', setting: Setting): string {
  const text = textOf(setting);
  checkText(setting.from, field, text);
  return text;
}

function createNamespaceOf(setting: Setting, namespace: string): boolean {
  const create = oneOf(['true', 'false'], setting) === 'true';
  if (create && namespace === SHARED_NAMESPACE) {
    throw new Error(
      `${setting.from} must not be true for the namespace ${SHARED_NAMESPACE}, which every cluster has and others use: ` +
        'set it to false or choose another namespace',
    );
  }
  return create;
}

/**
 * Reads the settings from the environment, then the context, then the defaults. An empty variable counts as unset. The
 * Namespace object is written by default for the project's own namespace only: others may share a namespace that is set.
 *
 * @throws Error naming the variable or the key in the context, its value and what it must be
 */
export function readSettings(environment: Environment, context: Context): Settings {
  const read = <T>(name: keyof Settings, convert: (setting: Setting) => T): T | undefined => {
    const variable = SETTING_VARIABLES[name];
    const set = environment[variable];
    const setting = set ? { from: variable, value: set } : { from: `context ${name}`, value: context[name] };
    return setting.value === undefined || setting.value === '' ? undefined : convert(setting);
  };
  const namespace = read('namespace', namespaceOf) ?? DEFAULT_SETTINGS.namespace;
  const imagePullSecret = read('imagePullSecret', (setting) => imageTextOf('imagePullSecret', setting));
  return {
    namespace,
    createNamespace:
      read('createNamespace', (setting) => createNamespaceOf(setting, namespace)) ??
      namespace === DEFAULT_SETTINGS.namespace,
    image: read('image', (setting) => imageTextOf('image', setting)) ?? DEFAULT_SETTINGS.image,
    serviceType:
      read('serviceType', (setting) => oneOf(SERVICE_TYPES, setting)) ?? DEFAULT_SETTINGS.serviceType,
    basis: read('basis', (setting) => oneOf(BASES, setting)) ?? DEFAULT_SETTINGS.basis,
    ...(imagePullSecret === undefined ? {} : { imagePullSecret }),
  };
}
