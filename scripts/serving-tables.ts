/**
 * The generated tables about the service and its clients: docs/serving.md and docs/clients.md.
 */
import { code, table } from '../charts/markdown';
import { MAX_SCANS, MAX_SIDE_PIXELS, MAX_TEXT_BYTES } from '../models/data/decoding-limits';
import { MAX_GROUPS } from '../models/data/lossless-webp';
import { VARIABLE_HELP } from '../service/config';
import { ERRORS, LIMITS } from '../service/contract';
// The clients that are named are those that the suite runs: the table is the suite's.
import { type Client, CLIENTS } from '../test/clients/cases';

export const SERVING_TABLES: Readonly<Record<string, () => string>> = {
  variables: () =>
    table(
      ['variable', 'what it sets', 'default'],
      VARIABLE_HELP.map((variable) => [code(variable.name), variable.description, variable.default]),
    ),
  'image-limits': () =>
    table(
      ['an image may have', 'at most'],
      Object.entries({
        pixels: LIMITS.imagePixels,
        'pixels of width or height': MAX_SIDE_PIXELS,
        'scans, if it is a JPEG': MAX_SCANS,
        'bytes of compressed text, if it is a PNG': MAX_TEXT_BYTES,
        'groups of Huffman codes, if it is a lossless WebP': MAX_GROUPS,
      }).map(([what, most]) => [what, most.toLocaleString('en')]),
    ),
  errors: () =>
    table(
      ['status', 'code', 'meaning'],
      Object.entries(ERRORS).map(([name, { status, title }]) => [status, code(name), title]),
    ),
  clients: () =>
    table(
      ['client', 'id', 'cases'],
      Object.entries<Client>(CLIENTS).map(([id, { name, cases }]) => [
        name,
        code(id),
        Object.values(cases).join('; '),
      ]),
    ),
};
