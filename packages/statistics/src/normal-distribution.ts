/**
 * The standard normal distribution function, to about 1e-15 absolute, and 1e-8 relative far out in the lower tail.
 * Hart's rational approximation (1968) as given by West (2005), "Better approximations to cumulative normal functions".
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  const lowerTail = lowerTailBelow(Math.abs(x));
  return x > 0 ? 1 - lowerTail : lowerTail;
}

/** Φ(−distance) for distance ≥ 0. */
function lowerTailBelow(distance: number): number {
  if (distance > 38) return 0;
  const density = Math.exp((-distance * distance) / 2);
  if (distance >= 7.07106781186547) {
    const fraction = distance + 1 / (distance + 2 / (distance + 3 / (distance + 4 / (distance + 0.65))));
    return density / fraction / 2.506628274631;
  }
  return (density * polynomial(NUMERATOR, distance)) / polynomial(DENOMINATOR, distance);
}

const NUMERATOR = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871,
  221.213596169931, 220.206867912376,
];
const DENOMINATOR = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674,
  637.333633378831, 793.826512519948, 440.413735824752,
];

/**
 * The standard normal quantile: `normalCdf(normalQuantile(p))` is `p`. −∞ at 0, +∞ at 1, NaN outside [0, 1].
 * Acklam's rational approximation (2003, relative error 1.2e-9), then one step of Halley's method.
 */
export function normalQuantile(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) return Number.NaN;
  if (probability === 0) return Number.NEGATIVE_INFINITY;
  if (probability === 1) return Number.POSITIVE_INFINITY;
  // The upper half by symmetry: there 1 − Φ would lose the digits that the lower tail keeps.
  if (probability > 0.5) return -normalQuantile(1 - probability);
  if (probability === 0.5) return 0;
  const start = acklam(probability);
  const error = normalCdf(start) - probability;
  const step = error * Math.sqrt(2 * Math.PI) * Math.exp((start * start) / 2);
  return start - step / (1 + (start * step) / 2);
}

function acklam(probability: number): number {
  if (probability < 0.02425) {
    const tail = Math.sqrt(-2 * Math.log(probability));
    return polynomial(TAIL_NUMERATOR, tail) / polynomial(TAIL_DENOMINATOR, tail);
  }
  const centred = probability - 0.5;
  const square = centred * centred;
  return (centred * polynomial(CENTRE_NUMERATOR, square)) / polynomial(CENTRE_DENOMINATOR, square);
}

const CENTRE_NUMERATOR = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const CENTRE_DENOMINATOR = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
  1,
];
const TAIL_NUMERATOR = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_DENOMINATOR = [
  7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1,
];

/** Horner's rule, highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}
