/**
 * Reads the images of a request: a raw body, files of a multipart form, or base64 in JSON.
 */
import { Busboy } from '@fastify/busboy';
import type { Request } from 'express';

import { badField, check } from './validation';
import { IMAGE_FIELD, LIMITS } from '../contract';
import { IMAGE_MEDIA_TYPES } from '../../models/data/image-formats';
import { bodyError, ServiceError } from '../errors';
import { CLASSIFY_JSON } from './schemas';

/** The images of a request. */
export interface Upload {
  /** Encoded images in request order; at least one. */
  readonly images: readonly Buffer[];
  /** Whether the body's type can hold several images; then the response is a list even for one image. */
  readonly isList: boolean;
}

const FORM_TYPE = 'multipart/form-data';
/** A form that is not parsed this long after its last byte is damaged. */
const FORM_END_MS = 250;
/** Media type of a body with base64 images. */
export const JSON_TYPE = 'application/json';
const SUPPORTED = [...IMAGE_MEDIA_TYPES, FORM_TYPE, JSON_TYPE].join(', ');
const isImageType = (type: string) => IMAGE_MEDIA_TYPES.some((imageType) => imageType === type);

const unsupported = (type: string) =>
  new ServiceError('UNSUPPORTED_TYPE', `The type "${type}" is not supported; send ${SUPPORTED}.`);

const tooLarge = (what = 'The image is', bytes: number = LIMITS.imageBytes) =>
  new ServiceError('BODY_TOO_LARGE', `${what} larger than ${bytes} bytes; send a smaller one.`);

function readRaw(request: Request): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    // Not an async iterator: it costs as much as the whole router.
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // Reads on without keeping the bytes, so that the client sees the answer.
      if (bytes <= LIMITS.imageBytes) chunks.push(chunk);
      else if (bytes > LIMITS.bodyBytes) request.destroy();
    });
    request.on('end', () => {
      if (bytes > LIMITS.imageBytes) reject(tooLarge());
      else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(bytes > LIMITS.imageBytes ? tooLarge() : bodyError('request.aborted'));
    });
  });
}

function readForm(request: Request): Promise<Buffer[]> {
  return new Promise((resolve, rejectPromise) => {
    let isRejected = false;
    const reject = (error: Error) => {
      isRejected = true;
      rejectPromise(error);
    };
    const fail = (message: string) => reject(new ServiceError('BAD_REQUEST', message));
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
        // Some clients omit the file name.
        isPartAFile: (field, type, name) =>
          name !== undefined || field === IMAGE_FIELD || type === 'application/octet-stream',
      });
    } catch {
      fail('The multipart body has no boundary; let the client set the Content-Type.');
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
        fail(`Files must be in the field "${IMAGE_FIELD}", not "${field.slice(0, 60)}".`);
      else if (!isImageType(type)) reject(unsupported(type.slice(0, 60)));
    });
    const failOnParts = () =>
      fail(
        `The form must contain 1 to ${LIMITS.images} files in the field "${IMAGE_FIELD}" and nothing else.`,
      );
    parser.on('filesLimit', failOnParts);
    parser.on('fieldsLimit', failOnParts);
    parser.on('partsLimit', failOnParts);
    const damaged = () => fail('The multipart body is damaged or incomplete; send it again.');
    parser.on('error', damaged);
    parser.on('finish', () => {
      if (images.length === 0) failOnParts();
      else resolve(images);
    });
    let bytes = 0;
    // Not piped: the parser stops reading at a part with a damaged header, and the body would never end.
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // Reads on without keeping the bytes, so that the client sees the answer.
      if (isRejected) return;
      if (bytes <= LIMITS.formBytes) parser.write(chunk);
      else reject(tooLarge('The form is', LIMITS.formBytes));
    });
    request.on('end', () => {
      parser.end();
      // A complete form finishes at once.
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
    // Node skips characters that are not base64, so a wrong length reveals them.
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    if (text.length % 4 !== 0 || image.length !== (text.length / 4) * 3 - padding) {
      throw badField(`images[${i}]`, 'must be padded base64 without a "data:" prefix or line breaks');
    }
    if (image.length > LIMITS.imageBytes) throw tooLarge(`images[${i}] is`);
    return image;
  });
}

/**
 * Reads the images of a request. A JSON body must already be parsed.
 *
 * @throws ServiceError UNSUPPORTED_TYPE, BODY_TOO_LARGE or BAD_REQUEST
 */
export async function readImages(request: Request): Promise<Upload> {
  const { headers } = request;
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw bodyError('encoding.unsupported');
  const isList = type === FORM_TYPE || type === JSON_TYPE;
  if (!isList && !isImageType(type)) throw unsupported(type === '' ? 'none' : type.slice(0, 60));
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
