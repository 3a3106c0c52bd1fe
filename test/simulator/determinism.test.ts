// Same seed and same requests, same events: whatever the order of arrival, whatever the time.
import { describe, expect, it } from 'vitest';
import { makeSeed } from '../../src/simulator/seed.ts';
import { until } from '../support/until.ts';
import { type Rig, startReceiver, startRig } from './rig.ts';

const FAULTS = {
  hang_ms: 5,
  slow_ms: 5,
  submit: {
    hang_after: 0.1,
    error_after: 0.1,
    error_before: 0.1,
    rate_limit: 0.1,
    wrong_amount: 0.1,
    latencyMs: [0, 5],
  },
  outcome: { fails: 0.2, late_success: 0.1, refunded: 0.1 },
  settle: { lateMs: 1, refundMs: 1 },
  webhook: { drop: 0.2, duplicate: 0.2, delay: 0.2, reorder: 0.1, delayMs: 3 },
  error_statuses: [500, 502, 503, 504],
};
const COUNT = 60;

/** Sends the same 60 payouts twice each, in the given order, and waits until nothing more happens. */
async function run(seed: string, order: readonly number[]): Promise<unknown> {
  const receiver = await startReceiver();
  const rig = await startRig({ seed, webhookUrl: receiver.url });
  await rig.control('/faults', FAULTS);
  const submit = async (n: number) => {
    const token = (await rig.quote({ amount: 1000 + n })).at('data.token');
    const body = {
      token,
      transactionRef: `same${n}`,
      phoneNumber: '+256712345678',
      firstName: 'A',
      lastName: 'B',
      country: 'UG',
    };
    for (let attempt = 0; attempt < 2; attempt += 1) await rig.post('/payouts', body).catch(() => null);
  };
  await Promise.all(order.map(submit));
  return (await quiet(rig)).at();
}

/** The logical log once nothing is to come any more. */
function quiet(rig: Rig) {
  return until(async () => {
    const outstanding = await rig.control('/outstanding');
    const isQuiet = outstanding.at('waits') === 0 && outstanding.at('webhooks') === 0;
    return isQuiet && rig.control('/log?order=logical');
  }, 'everything has ended');
}

describe('the event log', () => {
  it('is the same for the same seed and requests, in whatever order they arrive, and another for another seed', async () => {
    const forwards = Array.from({ length: COUNT }, (_, n) => n);
    const first = await run('seed-1', forwards);
    expect(await run('seed-1', forwards.toReversed())).toEqual(first);
    expect(await run('seed-2', forwards)).not.toEqual(first);
  }, 20_000);

  it('contains faults, failures and dropped webhooks enough to mean something', async () => {
    const log = JSON.stringify(
      await run(
        'seed-1',
        Array.from({ length: COUNT }, (_, n) => n),
      ),
    );
    for (const word of [
      'hang_after',
      'error_before',
      'rate_limit',
      'wrong_amount',
      'late_success',
      'dropped',
      'duplicate',
    ]) {
      expect(log).toContain(word);
    }
  }, 20_000);
});

describe('a seed', () => {
  it('spreads its numbers evenly and repeats them for ever', () => {
    const seed = makeSeed('any');
    const buckets = new Array<number>(10).fill(0);
    for (let n = 0; n < 10_000; n += 1) {
      const bucket = Math.floor(seed.unit('test', n) * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(makeSeed('any').unit('a', 1)).toBe(seed.unit('a', 1));
    expect(makeSeed('other').unit('a', 1)).not.toBe(seed.unit('a', 1));
    expect(seed.hex(40, 'token', 1)).toMatch(/^[0-9a-f]{40}$/);
  });
});
