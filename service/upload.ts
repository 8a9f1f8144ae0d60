/**
 * The image of a request: its raw body, or the one file of a multipart form.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

import { Busboy } from '@fastify/busboy';

import { IMAGE_FIELD, IMAGE_TYPES, LIMITS } from './contract';
import { ServiceError } from './errors';

/** Most that is read of a body before the connection is cut. */
const PATIENCE_BYTES = 10 * LIMITS.imageBytes;

const known = (type: string) => IMAGE_TYPES.some((imageType) => imageType === type);

const unsupported = (type: string) =>
  new ServiceError('UNSUPPORTED_TYPE', `The type "${type}" is not taken; send ${IMAGE_TYPES.join(', ')}.`);

const tooLarge = () =>
  new ServiceError(
    'BODY_TOO_LARGE',
    `The image is larger than ${LIMITS.imageBytes} bytes; send a smaller one.`,
  );

async function readRaw(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // What is too large is read on for a while but not kept, so that the client gets to see the answer.
    if (bytes <= LIMITS.imageBytes) chunks.push(chunk);
    else if (bytes > PATIENCE_BYTES) break;
  }
  if (bytes > LIMITS.imageBytes) throw tooLarge();
  return Buffer.concat(chunks);
}

function readMultipart(body: Readable, headers: IncomingHttpHeaders): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const refuse = (message: string) => reject(new ServiceError('BAD_REQUEST', message));
    let parser: InstanceType<typeof Busboy>;
    try {
      const limits = { files: 1, fields: 0, parts: 2, fileSize: LIMITS.imageBytes };
      parser = new Busboy({ headers: { ...headers, 'content-type': headers['content-type']! }, limits });
    } catch {
      refuse('The multipart body has no boundary; let the client set the Content-Type.');
      return;
    }
    let image: Promise<Buffer> | undefined;
    parser.on('file', (field, stream, _name, _encoding, type) => {
      image = new Promise((resolveFile, rejectFile) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('limit', () => rejectFile(tooLarge()));
        stream.on('error', rejectFile);
        stream.on('end', () => {
          if (field !== IMAGE_FIELD) {
            rejectFile(
              new ServiceError(
                'BAD_REQUEST',
                `The file must be in the field "${IMAGE_FIELD}", not "${field}".`,
              ),
            );
          } else if (!known(type)) rejectFile(unsupported(type));
          else resolveFile(Buffer.concat(chunks));
        });
      });
      image.catch(() => undefined);
    });
    const onlyOne = () =>
      refuse(`The form must hold one file in the field "${IMAGE_FIELD}" and nothing else.`);
    parser.on('filesLimit', onlyOne);
    parser.on('fieldsLimit', onlyOne);
    parser.on('partsLimit', onlyOne);
    parser.on('error', () => refuse('The multipart body is damaged or cut off; send it again.'));
    parser.on('finish', () => {
      if (image === undefined) onlyOne();
      else resolve(image);
    });
    body.on('aborted', () => refuse('The body ended early; send it whole.'));
    body.pipe(parser);
  });
}

/**
 * Reads the image that a request brings.
 *
 * @throws ServiceError UNSUPPORTED_TYPE, BODY_TOO_LARGE or BAD_REQUEST
 */
export async function readImage(body: Readable, headers: IncomingHttpHeaders): Promise<Buffer> {
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  const multipart = type === 'multipart/form-data';
  if (!multipart && !known(type)) throw unsupported(type === '' ? 'none' : type);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new ServiceError(
      'UNSUPPORTED_TYPE',
      `The body is compressed (${encoding}); send it without Content-Encoding.`,
    );
  }
  const image = multipart ? await readMultipart(body, headers) : await readRaw(body);
  if (image.length === 0)
    throw new ServiceError('BAD_REQUEST', 'The image is empty; send the bytes of a file.');
  return image;
}
