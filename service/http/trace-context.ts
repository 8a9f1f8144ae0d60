/**
 * Parses the W3C trace context of a request.
 *
 * @see https://www.w3.org/TR/trace-context/
 */

/** The parts of a valid `traceparent`. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The caller's span id, 16 hexadecimal digits. */
  readonly parentId: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** Parses a `traceparent` header; undefined when it is missing or invalid. */
export function readTraceparent(header: string | undefined): TraceContext | undefined {
  const [, version, traceId, parentId, rest] = TRACEPARENT.exec(header ?? '') ?? [];
  if (traceId === undefined || parentId === undefined || version === 'ff') return undefined;
  // Only later versions may append fields.
  if (version === '00' && rest !== undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId };
}
