/**
 * JSON bodies, parsed only where their structure is within what a valid request has. `JSON.parse` takes seconds for 16 MB
 * of small lists or of keys, and would keep the probes waiting; counting takes milliseconds.
 */
import type { IncomingMessage } from 'node:http';

import express, { type RequestHandler } from 'express';

import { INPUT_SHAPE } from '../../models/catalog';
import { LIMITS } from '../contract';
import { bodyError, ServiceError } from '../errors';
import { brokenJson } from './open-inference';

/** Most of each character that makes structure, those in texts included. */
export interface StructureLimits {
  /** Opening brackets. */
  readonly lists: number;
  /** Opening braces. */
  readonly objects: number;
  readonly commas: number;
  readonly quotes: number;
}

/** What a request has beside its images, with room for parameters. */
const ROOM = { lists: 100, objects: 100, commas: 1_000, quotes: 1_000 } as const;
const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;

/** Of a tensor request: the numbers may be nested as the shape says. */
export const TENSOR_STRUCTURE: StructureLimits = {
  ...ROOM,
  lists: LIMITS.images * (1 + HEIGHT + HEIGHT * WIDTH) + ROOM.lists,
  commas: LIMITS.images * HEIGHT * WIDTH * CHANNELS + ROOM.commas,
};
/** Of a request with images in base64. */
export const IMAGES_STRUCTURE: StructureLimits = ROOM;

const CHARACTERS = { lists: '[', objects: '{', commas: ',', quotes: '"' } as const;
const NAMES = Object.keys(CHARACTERS) as (keyof StructureLimits)[];

/** Refuses a body with more structure than it may have. */
function checkStructure(body: Uint8Array, most: StructureLimits): void {
  const counts = new Uint32Array(256);
  for (let i = 0; i < body.length; i++) counts[body[i]!]!++;
  for (const name of NAMES) {
    const character = CHARACTERS[name];
    const count = counts[character.charCodeAt(0)]!;
    if (count <= most[name]) continue;
    throw new ServiceError(
      'BAD_REQUEST',
      `The body must hold at most ${most[name]} times ${character}, received ${count}; no valid request needs more.`,
    );
  }
}

/** What is read as JSON, and how much of it. */
export interface JsonBodyOptions {
  readonly limitBytes: number;
  readonly structure: StructureLimits;
  /** The media type that is parsed; others are left alone. @default all */
  readonly type?: string;
}

/** Parses a JSON body, and says more of one that is no JSON than that. */
export function jsonBody({ limitBytes, structure, type }: JsonBodyOptions): RequestHandler {
  const verify = (_request: IncomingMessage, _response: unknown, body: Buffer, encoding: string) => {
    // In others a character may be spelt in many ways.
    if (encoding !== 'utf-8') throw bodyError('charset.unsupported');
    checkStructure(body, structure);
  };
  const parse = express.json({ limit: limitBytes, type: type ?? (() => true), inflate: false, verify });
  return (request, response, next) => {
    parse(request, response, (error?: unknown) => {
      const { type: fault, body } = (error ?? {}) as { type?: string; body?: string };
      next(fault === 'entity.parse.failed' ? brokenJson(body ?? '') : error);
    });
  };
}
