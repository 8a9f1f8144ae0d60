/**
 * Reads the images of a request: a raw body, files of a multipart form, or base64 in JSON. The bytes decide what a body
 * is; its declared type only tells forms from other bodies, because clients often send another type or none.
 */
import type { Request } from 'express';

import { IMAGE_FORMATS, isFormat } from '../../models/data/image-formats';
import { LIMITS } from '../contract';
import { ServiceError } from '../errors';
import { type Bodies, type BodyLimit, readWhole, tooLarge } from '../http/body';
import { readBase64 } from './base64';
import { readForm } from './form';
import { IMAGES_STRUCTURE, parseJson } from './json-body';
import { CLASSIFY_JSON } from './schemas';
import { badField, check } from './validation';

/** The images of a request. */
export interface Upload {
  /** Encoded images in request order, or why one of them is refused; at least one. */
  readonly images: readonly (Buffer | ServiceError)[];
  /** Whether the body can hold several images; then the response is a list even for one image. */
  readonly isList: boolean;
  /** What a form or JSON says beside its images: the names are those of the query. */
  readonly options: Readonly<Record<string, unknown>>;
  /** When the body was complete, as `performance.now()`. */
  readonly completeAt: number;
}

const FORM_TYPE = 'multipart/form-data';
const JSON_TYPE = 'application/json';
const OPENING_BRACE = /^\s*\{/;

const IMAGE_LIMIT: BodyLimit = {
  bytes: LIMITS.imageBytes,
  subject: 'The image is',
  remedy: 'send a smaller one',
};
const FORM_LIMIT: BodyLimit = {
  bytes: LIMITS.formBytes,
  subject: 'The form is',
  remedy: 'send fewer or smaller images',
};
const JSON_LIMIT: BodyLimit = {
  bytes: LIMITS.imageJsonBytes,
  subject: 'The JSON is',
  remedy: 'send fewer or smaller images, or a form',
};

const typeOf = (request: Request) => (request.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();

/** The limit of a body of the declared type. */
export function uploadLimit(request: Request): BodyLimit {
  const type = typeOf(request);
  if (type === FORM_TYPE) return FORM_LIMIT;
  return type === JSON_TYPE ? JSON_LIMIT : IMAGE_LIMIT;
}

/** The image, or why it is refused before it is decoded. */
function checkedImage(image: Buffer | undefined, name: string): Buffer | ServiceError {
  if (image === undefined) return badField(name, 'must be base64, alone or as a "data:" URL');
  if (image.length === 0)
    return new ServiceError('BAD_REQUEST', `${name} is empty; send the bytes of a file.`);
  return image.length > LIMITS.imageBytes ? tooLarge({ ...IMAGE_LIMIT, subject: `${name} is` }) : image;
}

function readJson(body: Buffer, contentType: string | undefined, completeAt: number): Upload {
  const value = parseJson(body, contentType, IMAGES_STRUCTURE);
  const { images, ...options } = check(CLASSIFY_JSON, value, 'the body');
  return {
    images: images.map((text, i) => checkedImage(readBase64(text), `images[${i}]`)),
    isList: true,
    options,
    completeAt,
  };
}

/**
 * Reads the images of a request.
 *
 * @throws ServiceError UNSUPPORTED_TYPE, BODY_TOO_LARGE or BAD_REQUEST
 */
export async function readImages(bodies: Bodies, request: Request): Promise<Upload> {
  const type = typeOf(request);
  if (type === FORM_TYPE) {
    const { images, fields } = await readForm(bodies, request, FORM_LIMIT, IMAGE_LIMIT);
    const completeAt = performance.now();
    const checked = images.map((image, i) =>
      image instanceof ServiceError ? image : checkedImage(image, `Image ${i + 1}`),
    );
    return { images: checked, isList: true, options: fields, completeAt };
  }
  const body = await readWhole(bodies, request, uploadLimit(request));
  const completeAt = performance.now();
  const isImage = IMAGE_FORMATS.some(isFormat(body));
  const isJson = type === JSON_TYPE || OPENING_BRACE.test(body.toString('latin1', 0, 100));
  if (isJson && !isImage) return readJson(body, request.get('content-type'), completeAt);
  const image = checkedImage(body, 'The image');
  if (image instanceof ServiceError) throw image;
  return { images: [image], isList: false, options: {}, completeAt };
}
