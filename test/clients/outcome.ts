/** What a case came to. */
import type { Service } from './service';

/** One case's result. */
export interface Outcome {
  readonly case: string;
  readonly ok: boolean;
  /** Why it failed. */
  readonly why?: string;
}

/** Runs every case of one client. */
export type RunClient = (service: Service, folder: string) => Promise<readonly Outcome[]>;

/** Runs named checks one after the other; a check that throws has failed. */
export async function runChecks(
  checks: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      outcomes.push({ case: name, ok: true });
    } catch (error) {
      outcomes.push({ case: name, ok: false, why: (error as Error).message });
    }
  }
  return outcomes;
}

/** The best class in an answer to one image, or in the first result. */
export function expectClass(text: string, { env }: Service): void {
  let best: unknown;
  try {
    const answer = JSON.parse(text);
    best = (answer.results?.[0] ?? answer).top?.[0]?.class;
  } catch {
    best = undefined;
  }
  if (best !== env['IMAGE_CLASS'])
    throw new Error(`expected ${env['IMAGE_CLASS']}, received ${text.slice(0, 600)}`);
}

/** How a run ends, by its numbers of cases: a client that was asked for by name must run. */
export function endOf(
  { passed, failed, skipped }: Readonly<Record<'passed' | 'failed' | 'skipped', number>>,
  isNamed: boolean,
): { readonly line: string; readonly exitCode: number } {
  if (passed + failed > 0) {
    return { line: `${passed} passed, ${failed} failed, ${skipped} skipped`, exitCode: failed === 0 ? 0 : 1 };
  }
  return isNamed
    ? { line: 'error: none of the clients that were asked for is installed', exitCode: 1 }
    : { line: 'SKIPPED test:clients: none of its clients is installed', exitCode: 0 };
}
