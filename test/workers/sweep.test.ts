// The sweep and the workers' manners: nothing due is forgotten, nothing rung twice while it hangs, a poison row spoils no other.

import type { Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCollection } from '../../src/collections/create.ts';
import { openDatabase } from '../../src/db/knex.ts';
import { createPayout } from '../../src/payouts/create.ts';
import type { Bell } from '../../src/queue/queues.ts';
import { checkReturns } from '../../src/reconciliation/returns.ts';
import { findTransaction } from '../../src/transactions/find.ts';
import { collectionWorker } from '../../workers/collection.ts';
import { processorOf } from '../../workers/define-worker.ts';
import { keepHouse } from '../../workers/housekeeping.ts';
import { payoutWorker } from '../../workers/payout.ts';
import { sweepOnce } from '../../workers/sweep.ts';
import { flows } from '../../workers/webhook.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
  await world.fund('UGX', 100_000_000n);
});
afterEach(() => world.close());

async function create(scheduledAt: Date | null = null): Promise<string> {
  const answer = await createPayout(world, world.caller, world.request(), { ...NEW_PAYOUT, scheduledAt });
  return JSON.parse(answer.body).id;
}
const rings = () => world.rung.splice(0);
const status = async (id: string) => (await findTransaction(world, world.merchantId, id)).status;
const longAgo = () => world.db('transactions').update({ rung_at: world.db.raw("now() - interval '1 hour'") });
const job = (id: unknown) => ({ id: 'job', data: { id } }) as unknown as Job<{ id: string }, void>;
const work = (id: string) => Promise.resolve(processorOf(world, payoutWorker)(job(id)));

/** So many like the one that is there, each due a second later than the one before, the first of them two hours ago. */
async function backlog(count: number, rungAt: string): Promise<void> {
  const { rows } = await world.db.raw(`SELECT string_agg(quote_ident(column_name), ', ') AS names
    FROM information_schema.columns WHERE table_name = 'transactions' AND column_name NOT IN ('id', 'due_at', 'rung_at')`);
  await world.db.raw(`INSERT INTO transactions (id, due_at, rung_at, ${rows[0].names})
    SELECT 'po' || lpad((9000 - n)::text, 26, '0'), now() - interval '2 hours' + n * interval '1 second', ${rungAt}, ${rows[0].names}
    FROM transactions, generate_series(1, ${count}) AS n`);
}

/** Whoever waits for a lock in this database. */
const WAITERS =
  'SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()';

describe('the sweep', () => {
  it('rings again, under a new generation, for what was rung and is gone from the queue', async () => {
    const id = await create();
    rings();
    expect(await sweepOnce(world)).toBe(0);
    await longAgo();
    expect(await sweepOnce(world)).toBe(1);
    expect(rings()).toEqual([{ queue: 'payouts', id, generation: 2, ahead: false }]);
    expect(await sweepOnce(world)).toBe(0);
  });

  it('locks its rows in the order of their ids, as steps do, so that it waits for them and they for it, never both', async () => {
    const [low, high] = [await create(), await create()].sort() as [string, string];
    await world
      .db('transactions')
      .where({ id: high })
      .update({ due_at: world.db.raw("now() - interval '1 hour'") });
    for (const [gone, rungAt] of [
      [true, null],
      [true, world.db.raw("now() - interval '1 hour'")],
      [false, world.db.raw("now() - interval '1 hour'")],
    ] as const) {
      (world.queues as { gone: unknown }).gone = async (bells: readonly Bell[]) => (gone ? bells : []);
      await world.db('transactions').update({ rung_at: rungAt });
      let sweeping: Promise<number> | undefined;
      await world.db.transaction(async (trx) => {
        await trx.raw('SELECT 1 FROM transactions WHERE id = ? FOR UPDATE', [low]);
        sweeping = sweepOnce(world);
        await until(async () => (await world.db.raw(WAITERS)).rows.length > 0, 'the sweep waits for the row');
        await trx.raw('SELECT 1 FROM transactions WHERE id = ? FOR UPDATE NOWAIT', [high]);
      });
      expect(await sweeping).toBe(gone ? 2 : 0);
    }
  });

  it('leaves a row alone whose job still hangs in the queue', async () => {
    await create();
    await longAgo();
    rings();
    (world.queues as { gone: unknown }).gone = async () => [] as Bell[];
    expect(await sweepOnce(world)).toBe(0);
    expect(rings()).toEqual([]);
  });

  it('rings once for a row when many processes sweep at the same moment', async () => {
    await create();
    await longAgo();
    rings();
    await Promise.all(Array.from({ length: 8 }, () => sweepOnce(world)));
    expect(rings()).toHaveLength(1);
  });

  it('takes a backlog in bounded passes, the oldest first', async () => {
    const id = await create();
    rings();
    await backlog(3000, 'NULL');
    const ids = Array.from({ length: 3000 }, (_, n) => `po${String(8999 - n).padStart(26, '0')}`);
    for (const pass of [0, 1, 2]) {
      expect(await sweepOnce(world)).toBe(1000);
      const rung = rings().map((bell) => bell.id);
      expect(new Set(rung)).toEqual(new Set(ids.slice(pass * 1000, (pass + 1) * 1000)));
    }
    expect(await sweepOnce(world)).toBe(0);
    expect(await status(id)).toBe('accepted');
  });

  it('reaches what was never rung behind any backlog that has been, and comes round to all of that backlog', async () => {
    const id = await create();
    await backlog(2500, "now() - interval '1 hour'");
    await world
      .db('transactions')
      .where({ id })
      .update({ state: 'submitted', due_at: world.db.raw("now() - interval '1 minute'"), rung_at: null });
    const asked: string[] = [];
    const gone = world.queues.gone;
    (world.queues as { gone: unknown }).gone = async (bells: readonly Bell[]) => {
      asked.push(...bells.map((bell) => bell.id));
      return [];
    };
    rings();
    expect(await sweepOnce(world)).toBe(1);
    expect(rings()).toMatchObject([{ id, ahead: true }]);
    expect(asked).toHaveLength(1000);
    for (const pass of [2, 3]) {
      expect(await sweepOnce(world)).toBe(0);
      expect(new Set(asked).size).toBe(Math.min(2500, pass * 1000));
    }
    expect(asked).not.toContain(id);
    // They come round again later, all of them, and whose job is gone is rung.
    await longAgo();
    (world.queues as { gone: unknown }).gone = gone;
    for (const rung of [1000, 1000, 501, 0]) expect(await sweepOnce(world)).toBe(rung);
    expect(new Set(rings().map((bell) => bell.id)).size).toBe(2501);
  });

  it('reaches webhook events that were never rung behind those that have been', async () => {
    const events = (numbers: string, dueAt: string, rungAt: string) =>
      world.db.raw(`INSERT INTO webhook_events (id, digest, body, state, due_at, rung_at)
        SELECT 'we' || lpad(n::text, 26, '0'), sha256(n::text::bytea), '', 'received', ${dueAt}, ${rungAt}
        FROM generate_series(${numbers}) AS n`);
    await events('1, 1500', "now() - interval '1 hour'", "now() - interval '1 hour'");
    await events('9000, 9000', 'now()', 'NULL');
    (world.queues as { gone: unknown }).gone = async () => [] as Bell[];
    expect(await sweepOnce(world)).toBe(1);
    expect(rings()).toMatchObject([{ queue: 'webhooks', id: `we${'9000'.padStart(26, '0')}` }]);
  });

  it('can have both of its questions answered by one index, in its order', async () => {
    const plans: string[] = [];
    await world.db.transaction(async (trx) => {
      // The table of a test is so small that the planner would rather sort it.
      await trx.raw('SET LOCAL enable_bitmapscan = off');
      for (const table of ['transactions', 'webhook_events'])
        for (const asked of ['rung_at IS NULL', "rung_at <= now() - interval '5 seconds'"]) {
          const { rows } = await trx.raw(`EXPLAIN SELECT id, generation FROM ${table}
            WHERE ${asked} AND due_at <= now() ORDER BY rung_at NULLS FIRST, due_at LIMIT 1000`);
          plans.push(rows.map((row: Record<string, string>) => row['QUERY PLAN']).join(' '));
        }
    });
    for (const plan of plans)
      expect(plan).toMatch(/^Limit [^>]*-> {2}Index Scan using \w+_due .* Index Cond: .*rung_at.*due_at/);
  });

  it('rings at once for a scheduled payout whose time has come, whatever else waits', async () => {
    const id = await create(new Date(Date.now() + 3_600_000));
    expect(await world.db('transactions').first('rung_at')).toEqual({ rung_at: null });
    await world.makeDue();
    (world.queues as { gone: unknown }).gone = async () => [] as Bell[];
    rings();
    expect(await sweepOnce(world)).toBe(1);
    expect(rings()).toMatchObject([{ id }]);
  });

  it('rings at once for a date that has come, and not before', async () => {
    const id = await create(new Date(Date.now() + 3_600_000));
    expect(rings()).toEqual([]);
    await longAgo();
    expect(await sweepOnce(world)).toBe(0);
    await work(id);
    expect(await status(id)).toBe('accepted');
    await world.makeDue();
    expect(await sweepOnce(world)).toBe(1);
  });

  it('that rings without pause, three times at once, has everything sent once all the same', async () => {
    await Promise.all(Array.from({ length: 40 }, () => create()));
    let heard = 0;
    for (let round = 0; round < 15; round += 1) {
      if (round === 3)
        for (const id of world.provider.executed.keys()) world.provider.rule(id, { status: 'successful' });
      await world.makeDue();
      await longAgo();
      const bells = rings();
      heard += bells.length;
      await Promise.all([...bells.map((bell) => work(bell.id)), sweepOnce(world), sweepOnce(world), sweepOnce(world)]);
    }
    expect(heard).toBeGreaterThan(80);
    expect(world.provider.calls).toMatchObject({ quote: 40, submit: 40 });
    expect(new Set(await world.db('transactions').pluck('state'))).toEqual(new Set(['settled']));
  });

  it('finds every unfinished row, since the database takes none without a date', async () => {
    await create();
    const undated = world.db('transactions').update({ due_at: null });
    await expect(undated).rejects.toMatchObject({ constraint: 'due_unless_final' });
  });

  it('rings for what was on its way when a worker died', async () => {
    const id = await create();
    world.provider.onSubmit = () => ({ kind: 'unknown', code: 'timeout', message: 'lost' });
    await work(id);
    rings();
    await world.makeDue();
    expect(await sweepOnce(world)).toBe(1);
    expect(rings()).toMatchObject([{ id }]);
  });
});

describe('a worker', () => {
  it('hands a row on which our own code always fails to a person, and the others go on', async () => {
    const poison = await create();
    const good = await create();
    const quote = world.provider.quote;
    world.provider.quote = async (order) => {
      const [row] = await world.db('transactions').where({ id: poison }).select('state');
      if (row?.state === 'accepted' && poisoned) throw new TypeError('a bug');
      return quote(order);
    };
    let poisoned = true;
    for (let round = 0; round < 12; round += 1) {
      await world.makeDue();
      await work(poison);
    }
    expect(await status(poison)).toBe('in_review');
    expect(await world.db('cases')).toMatchObject([{ kind: 'stuck', transaction_id: poison }]);
    poisoned = false;
    await work(good);
    expect(await status(good)).toBe('submitted');
  });

  it('hands a payout to a person when the provider names one transaction for two of ours', async () => {
    const [one, other] = [await create(), await create()];
    await work(one);
    const [taken] = world.provider.executed.get(one) ?? [];
    const providerTransactionId = taken?.providerTransactionId ?? '';
    world.provider.onSubmit = (execute, reference) => {
      execute();
      world.provider.rule(reference, { providerTransactionId });
      return { kind: 'unknown', code: 'timeout', message: 'lost' };
    };
    for (let round = 0; round < 12; round += 1) {
      await world.makeDue();
      await work(other);
    }
    expect([await status(one), await status(other)]).toEqual(['submitted', 'in_review']);
    expect(await world.db('cases')).toMatchObject([{ kind: 'stuck', transaction_id: other }]);
    expect(world.provider.calls.submit).toBe(2);
  });

  it('ignores jobs that somebody made up', async () => {
    for (const id of [undefined, null, 7, '', 'po', { $ne: 1 }, 'po00000000000000000000000000'])
      await expect(Promise.resolve(processorOf(world, payoutWorker)(job(id)))).resolves.toBeUndefined();
  });

  it('leaves a payout alone that somebody put into the queue of collections', async () => {
    const id = await create();
    const misplaced = () => Promise.resolve(processorOf(world, collectionWorker)(job(id)));
    await misplaced();
    expect(world.provider.calls).toEqual({ quote: 0, submit: 0, lookUp: 0 });
    await work(id);
    await world.makeDue();
    await misplaced();
    expect(world.provider.calls).toEqual({ quote: 1, submit: 1, lookUp: 0 });
    expect(world.provider.executed.get(id)).toMatchObject([{ type: 'payout' }]);
    expect(await status(id)).toBe('submitted');
  });

  it('lets a job be tried again when the database was not there, without touching the row', async () => {
    const lost = Object.assign(new Error('Connection terminated unexpectedly'), { code: '57P01' });
    const definition = { ...payoutWorker, run: () => Promise.reject(lost) };
    await expect(Promise.resolve(processorOf(world, definition)(job(await create())))).rejects.toBe(lost);
  });
});

describe('housekeeping', () => {
  it('finds returns and late successes in the provider’s list without any webhook', async () => {
    const [returned, late, fine, both] = [await create(), await create(), await create(), await create()] as const;
    for (const id of [returned, late, fine, both]) await work(id);
    for (const id of [returned, fine]) world.provider.rule(id, { status: 'successful' });
    for (const id of [late, both]) world.provider.rule(id, { status: 'failed' });
    await world.makeDue();
    for (const id of [returned, late, fine, both]) await work(id);
    expect([await status(returned), await status(late), await status(fine)]).toEqual(['settled', 'failed', 'settled']);
    world.provider.rule(returned, { isRefunded: true });
    world.provider.rule(late, { status: 'successful' });
    world.provider.rule(both, { status: 'successful', isRefunded: true });
    expect(await checkReturns(world, flows)).toBe(3);
    expect(await status(both)).toBe('reversed');
    expect([await status(returned), await status(late), await status(fine)]).toEqual([
      'reversed',
      'settled',
      'settled',
    ]);
    expect(await checkReturns(world, flows)).toBe(0);
  });

  it('says so when the provider’s list is longer than it looks at', async () => {
    world.provider.transactions = async () => ({ transactions: [], shown: 50, total: 200_000, page: 1 });
    const error = vi.spyOn(world.log, 'error');
    expect(await checkReturns(world, flows)).toBe(0);
    expect(error.mock.calls).toMatchObject([[{ event: 'returns_cut_short', count: 2000 }, expect.any(String)]]);
  });

  it('forgets a pin that could not be used in time', async () => {
    const request = world.request({ route: 'POST /v1/collections' });
    const otp = { pinId: 'VE0a1b2c3d', pin: '123456' };
    const common = { owner: null, customer: null, redirectUrl: null, reference: null, metadata: {} };
    await createCollection(world, world.caller, request, {
      ...common,
      amountMinor: 100_000n,
      currency: 'UGX',
      country: 'UG',
      phone: '+256712345678',
      otp,
    });
    await world.db('transactions').update({ created_at: world.db.raw("now() - interval '11 minutes'") });
    await keepHouse(world, flows);
    expect(await world.db('personal_data').whereNotNull('otp_sealed')).toEqual([]);
  });

  it('forgets idempotency keys after thirty days, and only those', async () => {
    await create();
    await create();
    const owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 2, onError: () => {}, role: null });
    await owner.raw(
      "UPDATE idempotency_keys SET created_at = now() - interval '31 days' WHERE key = (SELECT min(key) FROM idempotency_keys)",
    );
    await owner.destroy();
    await keepHouse(world, flows);
    expect(await world.db('idempotency_keys')).toHaveLength(1);
  });

  it('forgets all of a long neglected table within a few rounds, with its other work in between', async () => {
    const id = await create();
    const owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 2, onError: () => {}, role: null });
    await owner.raw(
      `INSERT INTO idempotency_keys (merchant_id, route, key, subject_id, status, answer, created_at)
        SELECT merchant_id, route, 'an-older-key-than-that-' || n, subject_id || n, status, answer, now() - interval '31 days'
        FROM idempotency_keys, generate_series(1, 11500) AS n`,
    );
    await owner.destroy();
    const left = async () => (await world.db('idempotency_keys').select('subject_id')).map((row) => row.subject_id);
    await keepHouse(world, flows);
    expect(await left()).toHaveLength(1501);
    await keepHouse(world, flows);
    expect(await left()).toEqual([id]);
  });
});
