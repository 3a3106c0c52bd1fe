// The circuit breaker for money calls: when sending keeps ending in doubt, stop making more doubt for a moment.

const FAILURES_TO_OPEN = 5;

/** What became of a call that was let through: `silent` says nothing about the provider's health (it was never written). */
export type Outcome = 'healthy' | 'ailing' | 'silent';

export interface Breaker {
  /** Null when the call may go ahead, after which `report` must be called once; else milliseconds until the next try. */
  refusal(): number | null;
  report(outcome: Outcome): void;
}

/**
 * Opens after five calls in a row ended in a server error, a time-out or a lost connection; while open nothing passes;
 * after `windowMs` a single probe does, whose outcome closes it or opens it again.
 */
export function createBreaker(windowMs: number): Breaker {
  let failures = 0;
  let openUntil = 0;
  let probing = false;

  return {
    refusal() {
      if (failures < FAILURES_TO_OPEN) return null;
      const left = openUntil - performance.now();
      if (left > 0) return Math.ceil(left);
      if (probing) return windowMs;
      probing = true;
      return null;
    },
    report(outcome) {
      probing = false;
      if (outcome === 'healthy') failures = 0;
      if (outcome !== 'ailing') return;
      failures += 1;
      if (failures >= FAILURES_TO_OPEN) openUntil = performance.now() + windowMs;
    },
  };
}
