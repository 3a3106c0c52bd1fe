// Percentiles by nearest rank: of a hundred times, p99 is the second longest; of fewer, the longest.

/** `share` of 1. Of nothing it is NaN, which no bound allows. */
export function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
