/**
 * Parses queries. Express asks for the query of one request several times, and most requests have the same one.
 */
import { parse, type ParsedUrlQuery } from 'node:querystring';

/** A parser that keeps its last result, which nobody may change. */
export function queryParser(): (query: string | null) => Readonly<ParsedUrlQuery> {
  let last = '';
  let parsed = Object.freeze(parse(last));
  return (query) => {
    const text = query ?? '';
    if (text !== last) {
      parsed = Object.freeze(parse(text));
      last = text;
    }
    return parsed;
  };
}
