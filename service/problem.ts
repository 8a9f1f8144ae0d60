/**
 * How an error is sent.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
import { z } from 'zod';

import { type ErrorCode, ERRORS } from './contract';

const text = z.string();

const errorCodes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** RFC 9457, with the code that programs compare and the request's id. */
export const PROBLEM = z.strictObject({
  type: text.meta({ description: '`urn:tandem:error:` and the code.' }),
  title: text,
  status: z.int(),
  detail: text.meta({ description: 'What was wrong and what to do.' }),
  code: z.enum(errorCodes),
  requestId: text,
  field: text.meta({ description: 'The part of the request that was wrong.' }).optional(),
  error: text.meta({ description: 'The detail again, under the Open Inference Protocol’s name.' }).optional(),
});
/** A problem as it is sent. */
export type Problem = z.infer<typeof PROBLEM>;
