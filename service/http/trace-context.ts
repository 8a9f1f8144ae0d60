/**
 * The W3C trace context that a caller sends along.
 *
 * @see https://www.w3.org/TR/trace-context/
 */

/** The parts of a valid `traceparent`. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Span of the caller, 16 hexadecimal digits. */
  readonly parentId: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** Reads a `traceparent` header; one that the recommendation calls invalid is as none. */
export function readTraceparent(header: string | undefined): TraceContext | undefined {
  const [, version, traceId, parentId, rest] = TRACEPARENT.exec(header ?? '') ?? [];
  if (traceId === undefined || parentId === undefined || version === 'ff') return undefined;
  // Only versions to come may append fields.
  if (version === '00' && rest !== undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId };
}
