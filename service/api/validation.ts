/**
 * Validates what a client sent against a schema; errors name the field.
 */
import type { z } from 'zod';

import { ServiceError } from '../errors';

type Path = readonly PropertyKey[];

const QUOTED_CHARACTERS = 60;
const QUOTED_ITEMS = 8;

/** A value as an error message quotes it: in full when short, otherwise described. Never recurses into deep values. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, QUOTED_CHARACTERS));
  if (Array.isArray(value)) return showList(value);
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value);
}

function showList(value: readonly unknown[]): string {
  const isShort =
    value.length <= QUOTED_ITEMS && value.every((item) => item === null || typeof item !== 'object');
  return isShort ? `[${value.map(show).join(', ')}]` : `a list of ${value.length}`;
}

/** A path in JavaScript notation: `inputs[0].data`. */
export const fieldName = (path: Path): string =>
  path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part], value);

const either = (values: readonly unknown[]) => values.map(show).join(' or ');

/** What a field must be, for schemas without a message of their own. */
function must(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'object' ? 'must be an object' : `must be of type ${issue.expected}`;
    case 'invalid_value':
      return `must be ${either(issue.values)}`;
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `must have at least ${issue.minimum} items`;
    case 'too_big':
      return `must have at most ${issue.maximum} items`;
    default:
      return 'must match the schema in /openapi.json';
  }
}

/** Converts a query field to a number when its text is a whole number, so that a numeric schema can check it. */
export function withNumber(
  query: Readonly<Record<string, unknown>>,
  field: string,
): Readonly<Record<string, unknown>> {
  const value = query[field];
  return typeof value === 'string' && /^(0|-?[1-9]\d{0,9})$/.test(value)
    ? { ...query, [field]: Number(value) }
    : query;
}

/** An error about one field of a request. */
export const badField = (field: string, sentence: string): ServiceError =>
  new ServiceError('BAD_REQUEST', `${field} ${sentence}.`, undefined, field);

/**
 * Validates a value; reports the first of several errors.
 *
 * @param whole how an error names the value itself, such as `the body`
 * @throws ServiceError BAD_REQUEST naming the field, its allowed values and the value received
 */
export function check<T>(schema: z.ZodType<T>, value: unknown, whole: string): T {
  const { success, data, error } = schema.safeParse(value, { error: must });
  if (success) return data;
  const issue = error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    throw badField(
      fieldName([...issue.path, issue.keys[0]!]),
      'is not a known field; remove it or see /openapi.json',
    );
  }
  const field = issue.path.length === 0 ? whole : fieldName(issue.path);
  throw badField(field, `${issue.message}, received ${show(valueAt(value, issue.path))}`);
}
