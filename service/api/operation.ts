/**
 * What the tables of operations are made of.
 */
import type { z } from 'zod';

import type { ErrorCode } from '../contract';

/**
 * The schema of each media type, `binary` for bytes, `text` for text without a schema, or a list of alternatives.
 */
export type Content = Readonly<Record<string, z.ZodType | 'binary' | 'text' | readonly z.ZodType[]>>;

/** One operation. */
export interface Operation {
  readonly method: 'GET' | 'POST';
  /** In Express' form: `/v2/models/:id`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly pathParameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Headers that a request may send and an answer may have, beside those of every operation. */
  readonly headers?: z.ZodObject;
  readonly body?: Content;
  /** @default false */
  readonly isBodyOptional?: boolean;
  readonly answer: Content;
  /** Errors beyond {@link COMMON_ERRORS}. */
  readonly errors?: readonly ErrorCode[];
  /** Needs no API key: probes, and what reveals nothing about the models. @default false */
  readonly isOpen?: boolean;
}

/** Errors that any request can cause. */
export const COMMON_ERRORS: readonly ErrorCode[] = [
  'BAD_REQUEST',
  'REQUEST_TIMEOUT',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
];

/** Errors of every operation that runs a model. */
export const WORK_ERRORS: readonly ErrorCode[] = [
  'UNKNOWN_MODEL',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_TYPE',
  'OVERLOADED',
  'NOT_READY',
  'WORKER_FAILED',
  'DEADLINE_EXCEEDED',
];
/** A body or an answer in JSON. */
export const json = (schema: z.ZodType): Content => ({ 'application/json': schema });
