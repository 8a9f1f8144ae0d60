/**
 * Reads multipart forms: images in files, the model and the number of classes in text fields.
 */
import { Busboy } from '@fastify/busboy';
import type { Request } from 'express';

import { IMAGE_FIELDS, LIMITS } from '../contract';
import { ServiceError } from '../errors';
import { type Bodies, type BodyLimit, tooLarge } from '../http/body';
import { show } from './validation';

/** A form that is not parsed this long after its last byte is damaged. */
const FORM_END_MS = 250;

/** The parts of a form. */
export interface Form {
  /** Bytes of each file, or why this file is refused. */
  readonly images: readonly (Buffer | ServiceError)[];
  /** Text fields by name. */
  readonly fields: Readonly<Record<string, string>>;
}

const bad = (message: string) => new ServiceError('BAD_REQUEST', message);
const damaged = () => bad('The multipart body is damaged or incomplete; send it again.');
const FILES = `1 to ${LIMITS.images} files in the field "${IMAGE_FIELDS[0]}"`;
const wrongFiles = () => bad(`The form must contain ${FILES}.`);
const TEXTS = `at most ${LIMITS.formTexts} text fields; remove all but "model" and "top"`;
/** What is wrong with a form that exceeds each limit of the parser. */
const LIMIT_ERRORS = {
  filesLimit: wrongFiles,
  fieldsLimit: () => bad(`The form must contain ${TEXTS}.`),
  partsLimit: () => bad(`The form must contain ${FILES} and ${TEXTS}.`),
} as const;
const isImageField = (field: string) => (IMAGE_FIELDS as readonly string[]).includes(field);

function parserOf(request: Request): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: { ...request.headers, 'content-type': request.headers['content-type']! },
      limits: {
        files: LIMITS.images,
        fileSize: LIMITS.imageBytes,
        fields: LIMITS.formTexts,
        fieldSize: LIMITS.formTextBytes,
        parts: LIMITS.images + LIMITS.formTexts,
      },
      // Some clients omit the file name.
      isPartAFile: (field, type, name) =>
        name !== undefined || isImageField(field!) || type === 'application/octet-stream',
    });
  } catch {
    throw bad('The multipart body has no boundary; let the client set the Content-Type.');
  }
}

/**
 * Reads a form. The type of a file is not looked at: its bytes decide.
 *
 * @param imageLimit of each file
 * @throws ServiceError BAD_REQUEST for a damaged form or an unknown field, BODY_TOO_LARGE for the whole form
 */
export async function readForm(
  bodies: Bodies,
  request: Request,
  formLimit: BodyLimit,
  imageLimit: BodyLimit,
): Promise<Form> {
  const parser = parserOf(request);
  const images: (Buffer | ServiceError)[] = [];
  const fields: Record<string, string> = {};
  let timer: NodeJS.Timeout | undefined;
  let isRefused = false;
  const parsed = new Promise<void>((resolve, rejectPromise) => {
    const reject = (error: Error) => {
      isRefused = true;
      rejectPromise(error);
    };
    parser.on('file', (field, stream) => {
      const index = images.push(Buffer.alloc(0)) - 1;
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => {
        images[index] = stream.truncated ? tooLarge(imageLimit) : Buffer.concat(chunks);
      });
      if (!isImageField(field)) {
        const known = IMAGE_FIELDS.map(show).join(', ');
        reject(bad(`The field of a file must be one of ${known}, received ${show(field)}.`));
      }
    });
    parser.on('field', (field, value) => void (fields[field] = value));
    for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
      parser.on(limit, () => reject(LIMIT_ERRORS[limit]()));
    parser.on('error', () => reject(damaged()));
    parser.on('finish', () => {
      if (images.length === 0) reject(wrongFiles());
      else resolve();
    });
    // Not piped: the parser stops reading at a part with a damaged header, and the body would never end.
    bodies
      .read(request, formLimit, (chunk) => {
        if (!isRefused) parser.write(chunk);
        return !isRefused;
      })
      .then(() => {
        if (isRefused) return;
        parser.end();
        // A complete form finishes at once.
        timer = setTimeout(() => reject(damaged()), FORM_END_MS);
      }, reject);
  });
  try {
    await parsed;
  } finally {
    clearTimeout(timer);
  }
  return { images, fields };
}
