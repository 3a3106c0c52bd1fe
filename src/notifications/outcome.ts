// What follows from tries: whether an endpoint is failing, how long it is left in peace, and when each delivery comes again.
import { scheduledMs } from '../transactions/backoff.ts';
import type { Sent } from './send.ts';

/** Failures in a row after which an endpoint is failing: then it is probed, by a few calls, instead of sent its backlog. */
export const FAILING_AFTER = 5;
/** A failing endpoint is probed at least this often, whatever the schedule of its deliveries says: fresh events should not wait for hours. */
const PROBE_MOST_MS = 5 * 60_000;
/** The longest a Retry-After may put an endpoint off. */
const RETRY_AFTER_MOST_MS = 60 * 60_000;

export interface Health {
  readonly failures: number;
  /** How long nothing is sent; null when it may go on. */
  readonly blockedMs: number | null;
}

/** The wait that an answer asks for, in seconds or as a date; null when it asks for none. Capped. */
export function retryAfterMs(header: string | null, now: Date): number | null {
  const text = header?.trim() ?? '';
  const ms = /^[0-9]{1,9}$/.test(text)
    ? Number(text) * 1000
    : /^[A-Z][a-z]{2}, .+ GMT$/.test(text)
      ? Date.parse(text) - now.getTime()
      : Number.NaN;
  return Number.isNaN(ms) ? null : Math.min(RETRY_AFTER_MOST_MS, Math.max(0, ms));
}

/**
 * The health after some tries, in the order of their ends. `before` is what it was when the run began: however many calls were on
 * their way when it broke down, a run counts as one step of the schedule.
 */
export function healthAfter(
  now: number,
  before: number,
  tries: readonly Sent[],
  schedule: readonly number[],
  at: Date,
): Health {
  const most = Math.max(FAILING_AFTER, before + 1);
  const failures = tries.reduce((count, { ok }) => (ok ? 0 : Math.min(most, count + 1)), now);
  const probe = failures < FAILING_AFTER ? 0 : Math.min(PROBE_MOST_MS, scheduledMs(failures - FAILING_AFTER, schedule));
  const asked = Math.max(0, ...tries.map((one) => (one.ok ? 0 : (retryAfterMs(one.retryAfter, at) ?? 0))));
  const blockedMs = Math.max(probe, asked);
  return { failures, blockedMs: blockedMs === 0 ? null : blockedMs };
}

/** When a delivery that failed comes again; `last` when its schedule is used up. */
export function nextTry(
  tries: number,
  sent: Sent,
  schedule: readonly number[],
  at: Date,
): { waitMs: number; last: boolean } {
  const waitMs = Math.max(scheduledMs(tries, schedule), retryAfterMs(sent.retryAfter, at) ?? 0);
  return { waitMs, last: tries >= schedule.length };
}
