/**
 * Chooses the range of a tensor's bytes from its histogram. A narrow range cuts off rare large values, a wide one rounds
 * all values coarsely.
 */
import { filledBins, type Histogram } from './histogram';
import { activation, type Range } from './scales';

/**
 * The ways to choose a range; calibration measures all of them and keeps the best. TensorRT's entropy is not among them:
 * it cut off so much of MobileNetV2's activations that the answers changed.
 */
export const RANGE_METHODS = ['min-max', 'percentile', 'least-squares'] as const;
export type RangeMethod = (typeof RANGE_METHODS)[number];

/** Share of the values that the percentile method cuts off on either side. */
const CUT_OFF = 1e-5;
/** Ranges that least squares tries, as shares of the whole range. */
const SHARES = Array.from({ length: 36 }, (_, i) => 1 - 0.02 * i);
const MAX_BYTE = 255;

type Bins = ReturnType<typeof filledBins>;

function percentile(histogram: Histogram): Range {
  const bins = filledBins(histogram);
  const cut = CUT_OFF * bins.reduce((sum, { count }) => sum + count, 0);
  const first = (from: Bins) => {
    let seen = 0;
    return from.find(({ count }) => (seen += count) > cut)!.value;
  };
  const [low, high] = [first(bins), first([...bins].reverse())];
  const within = (bound: number) => Math.min(Math.max(bound, histogram.min), histogram.max);
  return [within(low), within(high)];
}

/** Mean squared error of bytes of a range. */
function squaredError(bins: Bins, range: Range): number {
  const { scale, zeroPoint } = activation(range);
  let sum = 0;
  let values = 0;
  for (const { value, count } of bins) {
    const byte = Math.min(MAX_BYTE, Math.max(0, Math.round(value / scale) + zeroPoint));
    // Within a step, a bin's values are spread evenly: their squared error is that of rounding.
    const cut = byte === 0 || byte === MAX_BYTE ? (value - scale * (byte - zeroPoint)) ** 2 : 0;
    sum += count * Math.max(cut, scale ** 2 / 12);
    values += count;
  }
  return sum / values;
}

/** The range of least squared error: both ends are narrowed together, then each alone. */
function leastSquares(histogram: Histogram): Range {
  const { min, max } = histogram;
  const bins = filledBins(histogram);
  const [low, high] = [Math.min(min, 0), Math.max(max, 0)];
  if (low === high) return [min, max];
  const best = (ranges: readonly Range[]): Range => {
    const costs = ranges.map((range) => squaredError(bins, range));
    return ranges[costs.indexOf(Math.min(...costs))]!;
  };
  const both = best(SHARES.map((share): Range => [share * low, share * high]));
  if (low === 0 || high === 0) return both;
  const upper = best(SHARES.map((share): Range => [both[0], share * high]));
  return best(SHARES.map((share): Range => [share * low, upper[1]]));
}

const METHODS: Readonly<Record<RangeMethod, (histogram: Histogram) => Range>> = {
  'min-max': ({ min, max }) => [min, max],
  percentile,
  'least-squares': leastSquares,
};

/** The range of a tensor's bytes by a method; `histogram` must hold values. */
export const chooseRange = (method: RangeMethod, histogram: Histogram): Range => METHODS[method](histogram);
