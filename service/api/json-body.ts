/**
 * Parses JSON bodies, after a check that their structure is no larger than a valid request needs. `JSON.parse` takes
 * seconds for 16 MB of small lists or keys, which would block the probes; counting characters takes milliseconds.
 */
import type { IncomingMessage } from 'node:http';

import express, { type RequestHandler } from 'express';

import { INPUT_SHAPE } from '../../models/catalog';
import { LIMITS } from '../contract';
import { bodyError, ServiceError } from '../errors';
import { invalidJson } from './open-inference';

/** Maximum count of each structural character, including those inside strings. */
export interface StructureLimits {
  /** Opening brackets. */
  readonly lists: number;
  /** Opening braces. */
  readonly objects: number;
  readonly commas: number;
  readonly quotes: number;
}

/** Allowance for everything but the images, such as parameters. */
const BASE_STRUCTURE = { lists: 100, objects: 100, commas: 1_000, quotes: 1_000 } as const;
const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;

/** Limits of a tensor request, whose numbers may be nested by the tensor's shape. */
export const TENSOR_STRUCTURE: StructureLimits = {
  ...BASE_STRUCTURE,
  lists: LIMITS.images * (1 + HEIGHT + HEIGHT * WIDTH) + BASE_STRUCTURE.lists,
  commas: LIMITS.images * HEIGHT * WIDTH * CHANNELS + BASE_STRUCTURE.commas,
};
/** Limits of a request with base64 images. */
export const IMAGES_STRUCTURE: StructureLimits = BASE_STRUCTURE;

const CHARACTERS = { lists: '[', objects: '{', commas: ',', quotes: '"' } as const;
const NAMES = Object.keys(CHARACTERS) as (keyof StructureLimits)[];

/** Rejects a body that exceeds the structure limits. */
function checkStructure(body: Uint8Array, limits: StructureLimits): void {
  const counts = new Uint32Array(256);
  for (let i = 0; i < body.length; i++) counts[body[i]!]!++;
  for (const name of NAMES) {
    const character = CHARACTERS[name];
    const count = counts[character.charCodeAt(0)]!;
    if (count <= limits[name]) continue;
    throw new ServiceError(
      'BAD_REQUEST',
      `The body must contain ${character} at most ${limits[name]} times, received ${count}; no valid request needs more.`,
    );
  }
}

/** Which bodies are parsed, and their limits. */
export interface JsonBodyOptions {
  readonly limitBytes: number;
  readonly structure: StructureLimits;
  /** The media type to parse; other bodies pass unparsed. @default every type */
  readonly type?: string;
}

/** Parses a JSON body; the error for invalid JSON names the field where possible. */
export function jsonBody({ limitBytes, structure, type }: JsonBodyOptions): RequestHandler {
  const verify = (_request: IncomingMessage, _response: unknown, body: Buffer, encoding: string) => {
    // Other charsets can encode a structural character in several ways, so counting bytes would miss some.
    if (encoding !== 'utf-8') throw bodyError('charset.unsupported');
    checkStructure(body, structure);
  };
  const parse = express.json({ limit: limitBytes, type: type ?? (() => true), inflate: false, verify });
  return (request, response, next) => {
    parse(request, response, (error?: unknown) => {
      const { type: fault, body } = (error ?? {}) as { type?: string; body?: string };
      next(fault === 'entity.parse.failed' ? invalidJson(body ?? '') : error);
    });
  };
}
