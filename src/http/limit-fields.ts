// The fields that tell a caller what is left: RateLimit and RateLimit-Policy, as in draft-ietf-httpapi-ratelimit-headers-10.
import type { Policy, Verdict } from '../limits/limit.ts';
import type { Headers } from './headers.ts';

const NONE: Headers = {};
const announced = new WeakMap<Policy, string>();

/** `"key";q=100;w=1`: so many requests in so many seconds. */
function announce(policy: Policy): string {
  let text = announced.get(policy);
  if (text === undefined) {
    text = `"${policy.name}";q=${policy.quota.units};w=${policy.quota.windowMs / 1000}`;
    announced.set(policy, text);
  }
  return text;
}

/** Whole seconds, and never none: whoever waits so long finds more. */
export function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** One item per limit that the request was counted against. */
export function limitFields(verdicts: readonly Verdict[]): Headers {
  if (verdicts.length === 0) return NONE;
  let policies = '';
  let left = '';
  for (const { policy, remaining, moreInMs } of verdicts) {
    const comma = left === '' ? '' : ', ';
    policies += comma + announce(policy);
    left += `${comma}"${policy.name}";r=${remaining};t=${secondsOf(moreInMs)}`;
  }
  return { 'ratelimit-policy': policies, ratelimit: left };
}
