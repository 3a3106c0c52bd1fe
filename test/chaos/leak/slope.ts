// How much a measured value grows: the line through its samples that lies nearest to all of them.

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** Growth a minute, by least squares. Of fewer than two moments it is NaN, which no bound allows. */
export function growthPerMinute(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
  const meanAt = mean(({ atMs }) => atMs);
  const meanValue = mean(({ value }) => value);
  const together = mean(({ atMs, value }) => (atMs - meanAt) * (value - meanValue));
  return (together / mean(({ atMs }) => (atMs - meanAt) ** 2)) * 60_000;
}
