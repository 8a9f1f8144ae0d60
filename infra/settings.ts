/**
 * What an operator may set about the manifests without touching the variants. `dist/` is made with the defaults.
 */
import type { App } from 'cdk8s';

import { IMAGE } from '../service/contract';
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
  namespace: 'tandem',
  image: IMAGE,
  serviceType: 'ClusterIP',
  basis: 'container',
};

/** The environment variable of each setting; the cdk8s context key is the setting's own name. */
export const SETTING_VARIABLES = {
  namespace: 'TANDEM_NAMESPACE',
  image: 'TANDEM_IMAGE',
  imagePullSecret: 'TANDEM_IMAGE_PULL_SECRET',
  serviceType: 'TANDEM_SERVICE_TYPE',
  basis: 'TANDEM_BASIS',
} as const satisfies Record<keyof Settings, string>;

/**
 * Reads the settings: the environment first, then the app's cdk8s context, then the defaults.
 *
 * @throws Error naming the setting, its value and what it may be
 */
export function readSettings(app: App, environment: NodeJS.ProcessEnv): Settings {
  const read = (name: keyof Settings): string | undefined => {
    const value: unknown = environment[SETTING_VARIABLES[name]] ?? app.node.tryGetContext(name);
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') throw new Error(`${name} must be text, received ${JSON.stringify(value)}`);
    return value;
  };
  const readOneOf = <T extends string>(name: keyof Settings, known: readonly T[], otherwise: T): T => {
    const value = read(name);
    const found = value === undefined ? otherwise : known.find((item) => item === value);
    if (found === undefined) throw new Error(`${name} must be one of ${known.join(', ')}, received ${value}`);
    return found;
  };
  const imagePullSecret = read('imagePullSecret');
  return {
    namespace: read('namespace') ?? DEFAULT_SETTINGS.namespace,
    image: read('image') ?? DEFAULT_SETTINGS.image,
    serviceType: readOneOf('serviceType', SERVICE_TYPES, DEFAULT_SETTINGS.serviceType),
    basis: readOneOf('basis', BASES, DEFAULT_SETTINGS.basis),
    ...(imagePullSecret === undefined ? {} : { imagePullSecret }),
  };
}
