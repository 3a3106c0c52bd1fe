// How long to wait: exponential with jitter after failures, along a schedule between look-ups. Pure but for the dice.

/** `base × 2^tries`, at most `max`, of which a random half is waived, so that what failed together does not return together. */
export function backoffMs(tries: number, of: { baseMs: number; maxMs: number }, random = Math.random): number {
  const whole = Math.min(of.maxMs, of.baseMs * 2 ** Math.min(tries, 30));
  return Math.round(whole / 2 + (whole / 2) * random());
}

/** The wait before look number `done + 1`; the last one of a schedule repeats. A tenth of it is random. */
export function scheduledMs(done: number, schedule: readonly number[], random = Math.random): number {
  const wait = schedule[Math.min(done, schedule.length - 1)] ?? 0;
  return Math.round(wait * (0.95 + 0.1 * random()));
}
