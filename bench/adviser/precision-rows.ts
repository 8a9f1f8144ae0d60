/**
 * The profile of a model at the precision that the service does not choose by itself: the fitted one, scaled by what was
 * measured at both precisions in one session. Pure.
 */
import { medianOf } from '../../statistics/median';
import type { MachineDocument } from '../evidence/machine';
import type { ModelProfile } from './model-profile';

/** Memory of one service: a cell of `npm run bench:parallelism`. */
export interface MemoryCell {
  readonly model: string;
  readonly precision: string;
  readonly processes: number;
  readonly threads: number;
  /** One figure per round. */
  readonly pssMebibytes: readonly number[];
}

const MEBIBYTE = 1024 * 1024;

/** Median memory of the cells with one thread and this many processes, bytes; undefined if there is none. */
function memoryOf(
  cells: readonly MemoryCell[],
  { model }: ModelProfile,
  precision: string,
  processes: number,
): number | undefined {
  const own = cells.filter(
    (cell) =>
      cell.model === model &&
      cell.precision === precision &&
      cell.processes === processes &&
      cell.threads === 1,
  );
  return own.length === 0 ? undefined : MEBIBYTE * medianOf(own.flatMap(({ pssMebibytes }) => pssMebibytes));
}

/** Adds the memory of each further process; left out where it was not measured. */
function withProcesses(profile: ModelProfile, cells: readonly MemoryCell[]): ModelProfile {
  const { model, precision } = profile;
  const [one, two] = [1, 2].map((processes) => memoryOf(cells, profile, precision, processes));
  if (one === undefined || two === undefined) return profile;
  const source = `parallelism: what a second process of ${model} at ${precision} adds`;
  return { ...profile, memoryPerProcessBytes: { value: two - one, source } };
}

/**
 * The profiles with those at the other precisions.
 *
 * @param cells of `npm run bench:parallelism`; without a model's memory at a precision it has no profile there
 */
export function withPrecisions(
  profiles: readonly ModelProfile[],
  { cpuPerImage }: Pick<MachineDocument, 'cpuPerImage'>,
  cells: readonly MemoryCell[],
): ModelProfile[] {
  return profiles.flatMap((profile) => {
    const own = cpuPerImage.filter(({ model }) => model === profile.model);
    const fitted = own.find(({ precision }) => precision === profile.precision)!;
    const memory = memoryOf(cells, profile, profile.precision, 1);
    const others = own.filter(({ precision }) => precision !== profile.precision);
    return [
      profile,
      ...others.flatMap((other): ModelProfile[] => {
        const otherMemory = memoryOf(cells, profile, other.precision, 1);
        if (memory === undefined || otherMemory === undefined) return [];
        const ratio = medianOf(other.cpuSecondsPerImage) / medianOf(fitted.cpuSecondsPerImage);
        const { cpuMsPerImage, memoryBytes } = profile;
        return [
          {
            ...profile,
            ...{ precision: other.precision, isPrecisionSet: true },
            cpuMsPerImage: {
              value: ratio * cpuMsPerImage.value,
              source: `${cpuMsPerImage.source}; times ${ratio.toFixed(2)}: machine, ${other.precision} of ${profile.precision}`,
            },
            memoryBytes: {
              value: (otherMemory / memory) * memoryBytes.value,
              source: `${memoryBytes.source}; times ${(otherMemory / memory).toFixed(2)}: parallelism, ${other.precision} of ${profile.precision}`,
            },
          },
        ];
      }),
    ].map((each) => withProcesses(each, cells));
  });
}
