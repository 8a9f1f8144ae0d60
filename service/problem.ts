/**
 * The schema of an error response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
import { z } from 'zod';

import { type ErrorCode, ERRORS } from './contract';

const text = z.string();

const errorCodes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** RFC 9457 problem details, with a stable error code and the request id. */
export const PROBLEM = z.strictObject({
  type: text.meta({ description: '`urn:tandem:error:` followed by the code.' }),
  title: text,
  status: z.int(),
  detail: text.meta({ description: 'What was wrong, and what to do.' }),
  code: z.enum(errorCodes),
  requestId: text,
  field: text.meta({ description: 'The invalid field of the request.' }).optional(),
  error: text.meta({ description: 'Same as `detail`, under the inference protocols’ name.' }).optional(),
});
/** Data of {@link PROBLEM}. */
export type Problem = z.infer<typeof PROBLEM>;
