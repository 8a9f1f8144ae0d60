/**
 * Checks an object of a manifest, and says what is wrong with it. Pure functions.
 */
import type { z } from 'zod';

import { type CountedKind, SCHEMAS } from './manifest-schema';

/** What YAML holds, without its empty fields: the API server treats an empty field as none. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, each]) => each !== null && each !== undefined);
  return Object.fromEntries(fields.map(([key, each]) => [key, withoutNulls(each)]));
}

/** Words for what zod expects. */
const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  record: 'a map',
  object: 'a map',
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a whole number',
};

function expectationOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return EXPECTED[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values
        .map(String)
        .filter((value) => value !== '')
        .join(', ')}`;
    case 'too_small':
      return issue.origin === 'array' ? 'a list that is not empty' : `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const SHOWN_CHARACTERS = 80;

function shownAt(object: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    object,
  );
  if (found === undefined) return 'nothing';
  const text = JSON.stringify(found);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** A path in an object as kubectl writes it: `spec.template.spec.containers[0].name`. */
const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');

/**
 * Checks an object of a counted kind.
 *
 * @param where what errors call the object: its file, kind and name
 * @returns the object, with quantities as texts
 * @throws Error naming where, the field, what it must be and what it is
 */
export function checked(where: string, kind: CountedKind, object: unknown): unknown {
  const { success, data, error } = SCHEMAS[kind].safeParse(object);
  if (success) return data;
  const [issue] = error.issues;
  throw new Error(
    `${where}: ${pathText(issue!.path)} must be ${expectationOf(issue!)}, received ${shownAt(object, issue!.path)}`,
  );
}
