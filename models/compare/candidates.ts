/**
 * What is compared: architectures at input sizes. Pure data.
 */
import { ARCHITECTURE_IDS, type ArchitectureId, INPUT_SHAPE } from '../catalog';

/** Side of the images that Tandem trains on and serves, pixels. */
export const SERVED_SIDE_PIXELS = INPUT_SHAPE[0];

/** Sides of the input images that each architecture is compared at, pixels. */
const SIDES_PIXELS: Readonly<Record<ArchitectureId, readonly number[]>> = {
  resnet101v2: [SERVED_SIDE_PIXELS],
  resnet50v2: [SERVED_SIDE_PIXELS],
  mobilenetv2: [SERVED_SIDE_PIXELS, 160],
  mobilenetv2_050: [SERVED_SIDE_PIXELS, 160],
};

/** An architecture at an input size. */
export interface Candidate {
  /** The architecture's id, followed by the side of its input if that is not the one that is served. */
  readonly id: string;
  readonly architecture: ArchitectureId;
  readonly sidePixels: number;
}

/** Everything that can be compared. */
export const CANDIDATES: readonly Candidate[] = ARCHITECTURE_IDS.flatMap((architecture) =>
  SIDES_PIXELS[architecture].map((sidePixels) => ({
    id: sidePixels === SERVED_SIDE_PIXELS ? architecture : `${architecture}-${sidePixels}`,
    architecture,
    sidePixels,
  })),
);
export const CANDIDATE_IDS: readonly string[] = CANDIDATES.map(({ id }) => id);
