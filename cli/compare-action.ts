/**
 * What `tandem compare` does: compares bases, then prints the report and the command that trains each pick.
 */
import { join } from 'node:path';

import { shellWord } from '../files/shell-word';
import type { EvaluatedSplit } from '../models/data/dataset-splits';
import { CANDIDATE_IDS } from '../models/compare/candidates';
import { COMPARISON_FILES, type ComparedBases, compareBases } from '../models/compare/compare-bases';
import {
  type BasesDocument,
  basesTable,
  choicesText,
  methodText,
  missingText,
} from '../models/compare/document';
import { DEFAULT_SEED } from '../models/recipes';
import { lockOut } from '../models/training/out-folder';
import { compareReporter } from './compare-progress';
import { stopOnInterrupt } from './ending';

/** The command's options as commander reads them. */
export interface CompareOptions {
  readonly data: string;
  readonly out: string;
  readonly weights?: readonly string[];
  readonly download?: true;
  readonly bases?: readonly string[];
  readonly split?: EvaluatedSplit;
  readonly allowLeakage?: true;
  readonly seed: number;
  readonly threads?: number;
  readonly json?: true;
}

/** @throws RangeError naming the bases that can be compared */
function checkBases(bases: readonly string[] = []): void {
  const unknown = bases.find((id) => !CANDIDATE_IDS.includes(id));
  if (unknown === undefined) return;
  throw new RangeError(`--bases must be some of ${CANDIDATE_IDS.join(', ')}, received ${unknown}`);
}

/** The commands that train the picks, on the splits that were compared. */
export function nextCommands(
  {
    document,
    measured,
  }: Pick<ComparedBases, 'measured'> & { readonly document: Pick<BasesDocument, 'choices'> },
  { data, seed, allowLeakage }: Pick<CompareOptions, 'data' | 'seed' | 'allowLeakage'>,
): string[] {
  const commands = document.choices.map(({ goal, id }) => {
    const { candidate, weights, preprocessing } = measured.find((each) => each.candidate.id === id)!;
    return [
      `npx tandem train ${goal} --architecture ${candidate.architecture} --weights ${shellWord(weights)}`,
      `--preprocessing ${preprocessing} --data ${shellWord(data)} --out trained/${goal}`,
      ...(seed === DEFAULT_SEED ? [] : [`--seed ${seed}`]),
      ...(allowLeakage === true ? ['--allow-leakage'] : []),
    ].join(' ');
  });
  return [...new Set(commands)];
}

/** Compares and prints. On SIGINT it stops resumably, with `EXIT_INTERRUPTED`. */
export async function compare(
  options: CompareOptions,
  defaults: { readonly threads: number },
): Promise<void> {
  const { data, out, weights = [], bases, split, seed, threads = defaults.threads, json = false } = options;
  checkBases(bases);
  const progress = compareReporter({ isTerminal: process.stderr.isTTY, json, stream: process.stderr });
  const restoreInterrupt = stopOnInterrupt(() => 'stopped; continue with the same command', progress.note);
  let unlock: (() => void) | undefined;
  try {
    unlock = lockOut({ data, out, resume: false });
    const compared = await compareBases(
      {
        data,
        out,
        files: weights,
        bases,
        split,
        seed,
        threads,
        download: options.download ?? false,
        allowLeakage: options.allowLeakage ?? false,
      },
      progress,
    );
    const { document } = compared;
    const next = nextCommands(compared, options);
    if (json) {
      console.log(JSON.stringify({ ...document, out, next }));
      return;
    }
    const report = `Report: ${join(out, COMPARISON_FILES.text)}\nNext:\n${next.map((each) => `  ${each}`).join('\n')}`;
    const parts = [
      basesTable(document),
      choicesText(document),
      methodText(document),
      missingText(document),
      report,
    ];
    console.log(parts.filter((part) => part !== '').join('\n\n'));
  } finally {
    unlock?.();
    restoreInterrupt();
  }
}
