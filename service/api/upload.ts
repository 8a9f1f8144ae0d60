/**
 * The images of a request: its raw body, the files of a multipart form, or base64 in JSON.
 */
import type { Readable } from 'node:stream';

import { Busboy } from '@fastify/busboy';
import type { Request } from 'express';

import { badField, check } from './validation';
import { IMAGE_FIELD, IMAGE_TYPES, LIMITS } from '../contract';
import { bodyError, ServiceError } from '../errors';
import { CLASSIFY_JSON } from './schemas';

/** What a request brought. */
export interface Upload {
  /** Encoded images in the request's order; at least one. */
  readonly images: readonly Buffer[];
  /** Whether the request's form can hold several; then the answer is a list even for one. */
  readonly isList: boolean;
}

const FORM_TYPE = 'multipart/form-data';
/** How long after its last byte a form may still be worked on. */
const FORM_END_MS = 250;
/** The media type of images in base64. */
export const JSON_TYPE = 'application/json';
const TAKEN = [...IMAGE_TYPES, FORM_TYPE, JSON_TYPE].join(', ');
const known = (type: string) => IMAGE_TYPES.some((imageType) => imageType === type);

const unsupported = (type: string) =>
  new ServiceError('UNSUPPORTED_TYPE', `The type "${type}" is not taken; send ${TAKEN}.`);

const tooLarge = (what = 'The image is', bytes: number = LIMITS.imageBytes) =>
  new ServiceError('BODY_TOO_LARGE', `${what} larger than ${bytes} bytes; send a smaller one.`);

async function readRaw(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // What is too large is read on for a while but not kept, so that the client gets to see the answer.
    if (bytes <= LIMITS.imageBytes) chunks.push(chunk);
    else if (bytes > LIMITS.bodyBytes) break;
  }
  if (bytes > LIMITS.imageBytes) throw tooLarge();
  return Buffer.concat(chunks);
}

function readForm(request: Request): Promise<Buffer[]> {
  return new Promise((resolve, rejectPromise) => {
    let isRefused = false;
    const reject = (error: Error) => {
      isRefused = true;
      rejectPromise(error);
    };
    const refuse = (message: string) => reject(new ServiceError('BAD_REQUEST', message));
    let parser: InstanceType<typeof Busboy>;
    try {
      const limits = {
        files: LIMITS.images,
        fields: 0,
        parts: LIMITS.images + 1,
        fileSize: LIMITS.imageBytes,
      };
      parser = new Busboy({
        headers: { ...request.headers, 'content-type': request.headers['content-type']! },
        limits,
        // Some clients leave the file's name out.
        isPartAFile: (field, type, name) =>
          name !== undefined || field === IMAGE_FIELD || type === 'application/octet-stream',
      });
    } catch {
      refuse('The multipart body has no boundary; let the client set the Content-Type.');
      return;
    }
    const images: Buffer[] = [];
    parser.on('file', (field, stream, _name, _encoding, type) => {
      const index = images.push(Buffer.alloc(0)) - 1;
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('limit', () => reject(tooLarge()));
      stream.on('error', reject);
      stream.on('end', () => {
        images[index] = Buffer.concat(chunks);
      });
      if (field !== IMAGE_FIELD)
        refuse(`Files must be in the field "${IMAGE_FIELD}", not "${field.slice(0, 60)}".`);
      else if (!known(type)) reject(unsupported(type.slice(0, 60)));
    });
    const onlyFiles = () =>
      refuse(
        `The form must hold 1 to ${LIMITS.images} files in the field "${IMAGE_FIELD}" and nothing else.`,
      );
    parser.on('filesLimit', onlyFiles);
    parser.on('fieldsLimit', onlyFiles);
    parser.on('partsLimit', onlyFiles);
    const damaged = () => refuse('The multipart body is damaged or cut off; send it again.');
    parser.on('error', damaged);
    parser.on('finish', () => {
      if (images.length === 0) onlyFiles();
      else resolve(images);
    });
    let bytes = 0;
    // No pipe: the parser takes nothing more after a part whose head is damaged, and the body would never end.
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // What is refused is read away but not kept, so that the client gets to see the answer.
      if (isRefused) return;
      if (bytes <= LIMITS.formBytes) parser.write(chunk);
      else reject(tooLarge('The form is', LIMITS.formBytes));
    });
    request.on('end', () => {
      parser.end();
      // A form that is whole is done with at once.
      setTimeout(damaged, FORM_END_MS);
    });
    request.on('close', () => {
      if (!request.complete) reject(bodyError('request.aborted'));
    });
  });
}

function readBase64(body: unknown): Buffer[] {
  return check(CLASSIFY_JSON, body, 'the body').images.map((text, i) => {
    const image = Buffer.from(text, 'base64');
    // Node skips what is no base64, so that the length tells.
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    if (text.length % 4 !== 0 || image.length !== (text.length / 4) * 3 - padding) {
      throw badField(
        `images[${i}]`,
        'must be base64 with its padding, without "data:" before it or line breaks in it',
      );
    }
    if (image.length > LIMITS.imageBytes) throw tooLarge(`images[${i}] is`);
    return image;
  });
}

/**
 * Reads the images that a request brings. A JSON body must have been parsed already.
 *
 * @throws ServiceError UNSUPPORTED_TYPE, BODY_TOO_LARGE or BAD_REQUEST
 */
export async function readImages(request: Request): Promise<Upload> {
  const { headers } = request;
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw bodyError('encoding.unsupported');
  const isList = type === FORM_TYPE || type === JSON_TYPE;
  if (!isList && !known(type)) throw unsupported(type === '' ? 'none' : type.slice(0, 60));
  const images =
    type === FORM_TYPE
      ? await readForm(request)
      : type === JSON_TYPE
        ? readBase64(request.body)
        : [await readRaw(request)];
  const empty = images.findIndex(({ length }) => length === 0);
  if (empty >= 0) {
    const name = isList ? `Image ${empty + 1}` : 'The image';
    throw new ServiceError('BAD_REQUEST', `${name} is empty; send the bytes of a file.`);
  }
  return { images, isList };
}
