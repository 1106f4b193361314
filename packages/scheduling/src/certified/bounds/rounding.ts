/** Relative error that a few thousand additions can leave. */
const ROUNDING = 1e-9;

/** A bound that floating point did not lift above the truth; never negative. */
export function roundedDown(bound: number): number {
  return bound > 0 ? bound * (1 - ROUNDING) : 0;
}
