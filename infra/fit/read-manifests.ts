/**
 * Reads the objects of manifest files: what `helm template`, cdk8s and Kustomize write.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { checked, withoutNulls } from './manifest-check';
import { type CountedKind, SCHEMAS } from './manifest-schema';

/** An object of a file. */
export interface ManifestObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string;
  /** The file, kind and name, as an error names it. */
  readonly where: string;
  readonly body: unknown;
}

/** The name of standard input among the files. */
export const STANDARD_INPUT = '-';

const EXTENSIONS = /\.(ya?ml|json)$/;

/**
 * The text of each file; a folder counts for the manifests in it.
 *
 * @throws Error naming the file that cannot be read
 */
export function readFiles(files: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    files
      .flatMap(filesOf)
      .map((file): [string, string] =>
        file === STANDARD_INPUT
          ? ['standard input', readFileSync(0, 'utf8')]
          : [file, readFileSync(file, 'utf8')],
      ),
  );
}

function filesOf(file: string): string[] {
  if (file === STANDARD_INPUT) return [file];
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new Error(`--file must name a file or a folder that exists, received ${file}`);
  if (!stats.isDirectory()) return [file];
  const names = readdirSync(file).filter((name) => EXTENSIONS.test(name));
  if (names.length === 0)
    throw new Error(`--file must name a folder with .yaml, .yml or .json files, received ${file}`);
  return names.sort().map((name) => join(file, name));
}

type Fields = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether an object of this kind decides about pods. */
export const isCountedKind = (kind: string): kind is CountedKind => Object.hasOwn(SCHEMAS, kind);

/** The API groups of the counted kinds; other groups have kinds of the same name. */
const GROUPS: Readonly<Record<CountedKind, string>> = {
  Deployment: 'apps',
  StatefulSet: 'apps',
  ReplicaSet: 'apps',
  HorizontalPodAutoscaler: 'autoscaling',
  ScaledObject: 'keda.sh',
  PriorityClass: 'scheduling.k8s.io',
  ResourceQuota: '',
  LimitRange: '',
};

const groupOf = (apiVersion: string) => (apiVersion.includes('/') ? apiVersion.split('/')[0]! : '');

/** What a document holds. @throws Error naming the document, also for an anchor that no merge key can take */
function valueOf(where: string, document: ReturnType<typeof parseAllDocuments>[number]): unknown {
  try {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS();
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`${where} must be YAML or JSON: ${message.split('\n')[0]!}`, { cause });
  }
}

/** The documents of a text, without those that hold only comments. Merge keys (`<<`) count, as in kubectl. */
function documentsOf(source: string, text: string): { readonly where: string; readonly value: unknown }[] {
  const documents = parseAllDocuments(text, { logLevel: 'silent', merge: true });
  const several = documents.length > 1;
  return documents.flatMap((document, i) => {
    const where = several ? `${source}, document ${i + 1}` : source;
    const value = valueOf(where, document);
    return value === null || value === undefined ? [] : [{ where, value }];
  });
}

function objectsOf(where: string, value: unknown, defaultNamespace: string): ManifestObject[] {
  const { kind, apiVersion, items, metadata } = isMap(value) ? value : {};
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
    throw new Error(
      `${where} must hold Kubernetes objects, each with apiVersion and kind, received ` +
        (isMap(value) ? `the fields ${Object.keys(value).join(', ')}` : JSON.stringify(value).slice(0, 80)),
    );
  }
  if (kind.endsWith('List') && Array.isArray(items))
    return items.flatMap((item, i) => objectsOf(`${where}, item ${i + 1}`, item, defaultNamespace));
  const { name, generateName, namespace } = isMap(metadata) ? metadata : {};
  const named = [name, generateName].find((each): each is string => typeof each === 'string');
  const object = { kind, apiVersion, name: named ?? '', where: `${where}: ${kind} ${named ?? '(no name)'}` };
  const isCounted = isCountedKind(kind) && GROUPS[kind] === groupOf(apiVersion);
  const body = withoutNulls(value);
  return [
    {
      ...object,
      kind: isCounted ? kind : isCountedKind(kind) ? `${kind}.${groupOf(apiVersion)}` : kind,
      namespace: typeof namespace === 'string' ? namespace : defaultNamespace,
      body: isCounted ? checked(object.where, kind, body) : body,
    },
  ];
}

/**
 * The objects of texts, in their order. Lists count for their items.
 *
 * @param texts each file's text by its name
 * @param defaultNamespace namespace of objects that name none
 * @throws Error naming file, document, object and field of what is no manifest
 */
export function objectsIn(texts: ReadonlyMap<string, string>, defaultNamespace: string): ManifestObject[] {
  const objects = [...texts].flatMap(([source, text]) => {
    try {
      return documentsOf(source, text).flatMap(({ where, value }) =>
        objectsOf(where, value, defaultNamespace),
      );
    } catch (cause) {
      if (!text.includes('{{')) throw cause;
      const { message } = cause as Error;
      throw new Error(`${message}; render a template first, as with helm template`, { cause });
    }
  });
  const seen = new Map<string, ManifestObject>();
  for (const object of objects.filter(({ kind }) => isCountedKind(kind))) {
    const identity = [object.kind, object.namespace, object.name].join('/');
    const first = seen.get(identity);
    if (first !== undefined) {
      throw new Error(
        `${object.where} must be the only ${object.kind} of that name in namespace ${object.namespace}: rename it or ` +
          `leave out the other, which is in ${first.where}`,
      );
    }
    seen.set(identity, object);
  }
  return objects;
}
