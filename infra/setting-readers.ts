/**
 * Converts the value of a setting into its type. Every error names where the value came from.
 */
import type { k8s } from './construct/cdk8s-plus';
import type { Architecture } from './construct/inference-service-props';
import { checkArchitectures, checkLabels, TAINT_EFFECTS } from './construct/option-checks';
import { checkText, shown, type TextField } from './construct/text-forms';

const EFFECTS: readonly string[] = TAINT_EFFECTS;
const TOLERATIONS_FORM =
  'taints as key, key=value, key:Effect or key=value:Effect, separated by commas, such as ' +
  `dedicated=inference:NoSchedule,spot, with an effect of ${EFFECTS.join(', ')}`;

/** A value that was set, and what to call it in errors: a variable or a key of the context. */
export interface Setting {
  readonly from: string;
  /** Text from a variable; what YAML holds from the context. */
  readonly value: unknown;
}

/** Reads text of any form. */
export function readText({ from, value }: Setting): string {
  if (typeof value !== 'string') throw new Error(`${from} must be text, received ${shown(value)}`);
  return value;
}

/** Reads text of the form that Kubernetes asks for. */
export const readFormed =
  (field: TextField) =>
  (setting: Setting): string => {
    const text = readText(setting);
    checkText(setting.from, field, text);
    return text;
  };

/** Reads one of several words; YAML reads `true` as a boolean, so that counts as its word. */
export const readOneOf =
  <T extends string>(known: readonly T[]) =>
  (setting: Setting): T => {
    const text = typeof setting.value === 'boolean' ? String(setting.value) : readText(setting);
    const found = known.find((item) => item === text);
    if (found === undefined)
      throw new Error(`${setting.from} must be one of ${known.join(', ')}, received ${text}`);
    return found;
  };

/** Reads a number; the caller checks what it may be. YAML reads digits as a number. */
export function readNumber({ from, value }: Setting): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number))
    throw new Error(`${from} must be a number, received ${typeof value === 'string' ? value : shown(value)}`);
  return number;
}

/** Reads pairs: `a=1,b=2` from a variable, a map of texts from the context. */
export function readPairs({ from, value }: Setting): Readonly<Record<string, string>> {
  const refused = () =>
    new Error(
      `${from} must be pairs such as key=value,other=value, or a map of texts, received ` +
        (typeof value === 'string' ? value : shown(value)),
    );
  if (typeof value === 'string') {
    const pairs = value.split(',').map((pair) => /^([^=]+)=(.*)$/s.exec(pair.trim()));
    return Object.fromEntries(
      pairs.map((pair) => {
        if (pair === null) throw refused();
        return [pair[1]!, pair[2]!];
      }),
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused();
  if (!Object.values(value).every((each) => typeof each === 'string')) throw refused();
  return value as Readonly<Record<string, string>>;
}

/** Reads pairs whose values are numbers: `a=1,b=2` from a variable, a map of numbers from the context. */
export function readNumbers({ from, value }: Setting): Readonly<Record<string, number>> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const pairs = isMap ? value : readPairs({ from, value });
  return Object.fromEntries(
    Object.entries(pairs).map(([key, each]) => [key, readNumber({ from: `${from}: ${key}`, value: each })]),
  );
}

/** Reads a value and refuses what a check refuses. */
export const readChecked =
  <T>(read: (setting: Setting) => T, check: (label: string, value: T) => void) =>
  (setting: Setting): T => {
    const value = read(setting);
    check(setting.from, value);
    return value;
  };

/**
 * Prefix of Kubernetes' own namespaces.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
 */
const RESERVED_PREFIX = 'kube-';

/** Reads the name of a namespace that is not Kubernetes' own. */
export const readNamespace = readChecked(readFormed('namespace'), (label, namespace) => {
  if (!namespace.startsWith(RESERVED_PREFIX)) return;
  throw new Error(
    `${label} must not start with ${RESERVED_PREFIX}, which Kubernetes reserves for its own namespaces: ` +
      `choose another name, received ${namespace}`,
  );
});

/**
 * Reads texts: `a,b` from a variable, a list of texts from the context.
 *
 * @param what what the texts are, with an example
 */
const readTexts =
  (what: string) =>
  ({ from, value }: Setting): readonly string[] => {
    const texts: unknown = typeof value === 'string' ? value.split(',').map((text) => text.trim()) : value;
    if (Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === 'string'))
      return texts;
    throw new Error(`${from} must be ${what}, received ${shown(value)}`);
  };

/** Reads names of namespaces: the pods in them. */
export function readPodsOfNamespaces(setting: Setting): readonly k8s.NetworkPolicyPeer[] {
  return readTexts('names of namespaces, such as shop,ingress-nginx')(setting).map((name) => {
    checkText(setting.from, 'namespace', name);
    // Kubernetes sets this label of every namespace to its name.
    return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } };
  });
}

/** Reads architectures of nodes. */
export function readArchitectures(setting: Setting): readonly Architecture[] {
  const read = readTexts('architectures, such as amd64,arm64')(setting);
  checkArchitectures(setting.from, read);
  return read as readonly Architecture[];
}

/** Reads the taints to tolerate: without a value any value, without an effect any effect. */
export const readTolerations = (setting: Setting): readonly k8s.Toleration[] =>
  readTexts(TOLERATIONS_FORM)(setting).map((text) => {
    const [, key, value, effect] = /^([^=:]+)(?:=([^=:]*))?(?::(\w+))?$/.exec(text) ?? [];
    if (key === undefined || (effect !== undefined && !EFFECTS.includes(effect)))
      throw new Error(`${setting.from} must be ${TOLERATIONS_FORM}, received ${text}`);
    checkLabels(setting.from, { [key]: value ?? '' });
    return {
      key,
      operator: value === undefined ? 'Exists' : 'Equal',
      // The API server stores no empty value, so every apply would send it again.
      ...(value ? { value } : {}),
      ...(effect === undefined ? {} : { effect }),
    };
  });
