// One limit: a quota per subject, shared by all processes, of which each holds a small allowance so that most requests ask nobody.
import type { Cache, Quota } from '../cache/cache.ts';
import { RateLimited } from '../errors.ts';

export interface Policy {
  /** As it is announced to callers. */
  readonly name: string;
  readonly quota: Quota;
  /** The end of the sentence "Too many …". */
  readonly of: string;
}

export interface Verdict {
  readonly policy: Policy;
  readonly allowed: boolean;
  /** What is left for this subject, as far as this process knows. */
  readonly remaining: number;
  /** Milliseconds until there is more. */
  readonly moreInMs: number;
}

/** The refusal of a verdict that allows nothing. */
export function refusal({ policy, moreInMs }: Verdict): RateLimited {
  const seconds = Math.max(1, Math.ceil(moreInMs / 1000));
  return new RateLimited(`Too many ${policy.of}. Try again in ${seconds} second${seconds === 1 ? '' : 's'}.`, moreInMs);
}

export interface Limit {
  readonly policy: Policy;
  /** Takes one unit; without a promise where this process knows the answer. */
  take(subject: string): Verdict | Promise<Verdict>;
  /** What would be left, without taking any or asking anybody. */
  look(subject: string): Verdict;
}

/** What this process may still give out by itself; when it ends unused, the rest is lost to the subject, never doubled. */
interface Allowance {
  left: number;
  /** Left in the store when it was last asked. */
  elsewhere: number;
  block: number;
  drawnAt: number;
  refusedUntil: number;
  waiting: number;
  drawing: Promise<void> | null;
}

/** How long an allowance may be held: a process that is not asked any more hoards nothing. */
const HOLD_MS = 1000;
/** An allowance is at most what the quota gives in this time, so that many processes share it fairly. */
const BLOCK_MS = 100;
/** Subjects remembered at once; of those forgotten, the store still knows. */
const MOST_SUBJECTS = 10_000;

export function createLimit(cache: Cache, policy: Policy): Limit {
  const { name, quota } = policy;
  const intervalMs = quota.windowMs / quota.units;
  const biggestBlock = Math.max(1, Math.floor(BLOCK_MS / intervalMs));
  const allowances = new Map<string, Allowance>();
  const nothing = (now: number): Allowance => ({
    left: 0,
    elsewhere: quota.units,
    block: 1,
    drawnAt: now - HOLD_MS,
    refusedUntil: 0,
    waiting: 0,
    drawing: null,
  });

  const verdict = (allowance: Allowance, allowed: boolean, moreInMs: number): Verdict => ({
    policy,
    allowed,
    remaining: allowance.left + allowance.elsewhere,
    moreInMs,
  });

  function allowanceOf(subject: string, now: number): Allowance {
    const known = allowances.get(subject);
    if (known !== undefined) return known;
    if (allowances.size >= MOST_SUBJECTS) forget(now);
    const fresh = nothing(now);
    allowances.set(subject, fresh);
    return fresh;
  }

  function forget(now: number): void {
    for (const [subject, { drawnAt, refusedUntil, drawing }] of allowances)
      if (drawing === null && refusedUntil <= now && drawnAt + HOLD_MS <= now) allowances.delete(subject);
    // Half at a time, so that a flood of addresses costs the store a question each, and us neither memory nor a long search.
    for (const subject of allowances.keys()) {
      if (allowances.size <= MOST_SUBJECTS / 2) break;
      allowances.delete(subject);
    }
  }

  /** The answer that needs no question; null when the store must be asked. */
  function decide(allowance: Allowance, now: number): Verdict | null {
    if (allowance.left > 0 && allowance.drawnAt + HOLD_MS > now) {
      allowance.left -= 1;
      return verdict(allowance, true, intervalMs);
    }
    return allowance.refusedUntil > now ? verdict(allowance, false, allowance.refusedUntil - now) : null;
  }

  async function draw(subject: string, allowance: Allowance): Promise<void> {
    const now = performance.now();
    // Rare callers are counted one by one; whoever comes back soon is given twice as many as the last time.
    allowance.block = allowance.drawnAt + HOLD_MS > now ? Math.min(biggestBlock, allowance.block * 2) : 1;
    const most = Math.min(quota.units, Math.max(allowance.block, allowance.waiting));
    const { granted, remaining, waitMs } = await cache.draw(`${name}:${subject}`, quota, most);
    const after = performance.now();
    Object.assign(allowance, { left: granted, elsewhere: remaining, drawnAt: after });
    if (granted === 0) allowance.refusedUntil = after + waitMs;
  }

  async function ask(subject: string, allowance: Allowance): Promise<Verdict> {
    allowance.waiting += 1;
    try {
      for (;;) {
        allowance.drawing ??= draw(subject, allowance).finally(() => {
          allowance.drawing = null;
        });
        await allowance.drawing;
        const decided = decide(allowance, performance.now());
        if (decided !== null) return decided;
      }
    } finally {
      allowance.waiting -= 1;
    }
  }

  return {
    policy,
    take(subject) {
      const now = performance.now();
      const allowance = allowanceOf(subject, now);
      return decide(allowance, now) ?? ask(subject, allowance);
    },
    look(subject) {
      const now = performance.now();
      const allowance = allowances.get(subject) ?? nothing(now);
      const refused = allowance.refusedUntil > now;
      return verdict(allowance, !refused, refused ? allowance.refusedUntil - now : intervalMs);
    },
  };
}
