// Locks and rate permits of this process alone: what serves while the shared cache cannot be reached.
import type { Cache } from './cache.ts';

const PRUNE_ABOVE = 10_000;
const PRUNE_EVERY_MS = 1000;

/** Process-local locks and paces, in monotonic time. It remembers no values: while the shared cache is away there is nothing to read. */
export function createMemoryCache(): Pick<Cache, 'lock' | 'take' | 'draw'> {
  const locks = new Map<string, { until: number }>();
  const paces = new Map<string, number>();
  /** When each quota will be whole again. */
  const quotas = new Map<string, number>();

  let nextPruneAt = 0;

  function prune(now: number) {
    // Seldom, since it looks at all of them: a flood of names must not make each one dearer.
    if (now < nextPruneAt) return;
    nextPruneAt = now + PRUNE_EVERY_MS;
    if (paces.size > PRUNE_ABOVE) for (const [name, nextAt] of paces) if (nextAt < now) paces.delete(name);
    if (quotas.size > PRUNE_ABOVE) for (const [name, wholeAt] of quotas) if (wholeAt < now) quotas.delete(name);
    if (locks.size > PRUNE_ABOVE) for (const [name, lock] of locks) if (lock.until < now) locks.delete(name);
  }

  return {
    async lock(name, ttlMs) {
      const now = performance.now();
      if ((locks.get(name)?.until ?? 0) > now) return null;
      prune(now);
      const mine = { until: now + ttlMs };
      locks.set(name, mine);
      return {
        async release() {
          if (locks.get(name) === mine) locks.delete(name);
        },
      };
    },
    async take(name, perSecond, mostMs = Number.POSITIVE_INFINITY) {
      const now = performance.now();
      prune(now);
      const at = Math.max(now, paces.get(name) ?? 0);
      if (at - now <= mostMs) paces.set(name, at + 1000 / perSecond);
      return Math.ceil(at - now);
    },
    async draw(name, { units, windowMs }, most) {
      const now = performance.now();
      prune(now);
      const interval = windowMs / units;
      const wholeAt = Math.max(now, quotas.get(name) ?? 0);
      const left = Math.floor((windowMs - (wholeAt - now)) / interval);
      if (left < 1) return { granted: 0, remaining: 0, waitMs: Math.ceil(interval - (windowMs - (wholeAt - now))) };
      const granted = Math.min(most, left);
      quotas.set(name, wholeAt + granted * interval);
      return { granted, remaining: left - granted, waitMs: 0 };
    },
  };
}
