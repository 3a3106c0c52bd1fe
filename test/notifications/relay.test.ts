// The relay: every published move is told once, in order, however many relay and whatever commits late.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/knex.ts';
import { listEvents } from '../../src/notifications/event.ts';
import { relayOnce } from '../../src/notifications/relay.ts';
import { openTold, type Told } from '../support/told.ts';
import { until } from '../support/until.ts';

let told: Told;
beforeEach(async () => {
  told = await openTold();
});
afterEach(() => told.close());

const all = () => listEvents(told.world, { merchantId: told.world.merchantId, after: 0n, limit: 10_000 });
const asOwner = async (sql: string) => {
  const owner = openDatabase({ url: told.world.config.DATABASE_URL, poolSize: 1, onError: () => {}, role: null });
  await owner.raw(sql);
  await owner.destroy();
};

describe('the relay', () => {
  it('tells every published move once, counted without a gap, with its state and times of then', async () => {
    const [id] = (await told.pay()) as [string];
    await told.end([id]);
    await told.relay();
    const events = (await all()).map(({ event }) => event);
    expect(events.map(({ type, sequence }) => [type, sequence])).toEqual([
      ['payout.accepted', 1],
      ['payout.submitted', 2],
      ['payout.settled', 3],
    ]);
    const data = events.map((event) => event.data as Record<string, unknown>);
    expect(data.map((one) => [one['id'], one['status'], one['settledAt'] !== null])).toEqual([
      [id, 'accepted', false],
      [id, 'submitted', false],
      [id, 'settled', true],
    ]);
    expect(data.map((one, n) => one['updatedAt'] === events[n]?.createdAt)).toEqual([true, true, true]);
    expect(data.map((one) => one['accountNumber'])).toEqual(Array(3).fill('+256712345678'));
  });

  it('tells why a payment failed, as it was known then, also when it succeeded later', async () => {
    const [id] = (await told.pay()) as [string];
    await told.end([id], 'failed');
    await told.relay();
    told.world.provider.rule(id, { status: 'successful' });
    const failed = (await all()).at(-1)?.event;
    expect(failed).toMatchObject({ type: 'payout.failed', data: { failure: { code: 'provider_failed' } } });
    await told.world
      .db('transactions')
      .where({ id })
      .update({ failure_code: null, failure_message: null, state: 'settled', settled_at: new Date() });
    expect((await all()).at(-1)?.event).toEqual(failed);
  });

  it('writes nothing of a person into events, so that erasure reaches them', async () => {
    const [id] = (await told.pay()) as [string];
    await told.end([id], 'failed');
    await told.relay();
    const { rows } = await told.world.db.raw('SELECT string_agg(e::text, chr(10)) AS text FROM events e');
    expect(rows[0].text).toContain('provider_failed');
    expect(rows[0].text).not.toMatch(/256712345678|Okello/);
    await told.world
      .db('personal_data')
      .where({ subject_id: id })
      .update({ sealed: null, account_hash: null, last_four_hash: null, erased_at: new Date() });
    for (const { event } of await all()) expect(event.data).toMatchObject({ id, accountNumber: null });
  });

  it('tells nothing twice when two relay at once, and leaves no gap in the positions', async () => {
    const ids = await told.pay(40);
    await told.end(ids);
    await told.world.db.transaction(async (trx) => {
      const relayed = async () => (await trx.raw('SELECT * FROM relay_events(30)')).rows[0].moves > 0;
      await until(relayed, 'one of them has begun');
      // The other one neither waits nor does the same.
      expect(await relayOnce(told.world)).toBe(0);
    });
    await Promise.all([relayOnce(told.world), relayOnce(told.world), relayOnce(told.world)]);
    await told.relay();
    const positions = (await all()).map(({ position }) => position);
    expect(positions).toEqual(Array.from({ length: 120 }, (_, n) => BigInt(n + 1)));
  });

  it('takes what is being written at the same moment for what it is, not for another cluster’s', async () => {
    let writing = true;
    const relaying = Array.from({ length: 2 }, async () => {
      while (writing) await relayOnce(told.world);
    });
    for (let round = 0; round < 10; round += 1) await told.pay(20);
    writing = false;
    await Promise.all(relaying);
    await told.relay();
    expect(await all()).toHaveLength(200);
    expect(await told.world.db('event_relay').first()).toMatchObject({ restored_through: 0n, catching_up_from: null });
  });

  it('does not pass by a move that commits after younger ones', async () => {
    const [old, young] = (await told.pay(2)) as [string, string];
    await told.relay();
    const before = (await all()).length;
    await told.world.db.transaction(async (trx) => {
      await trx.raw(`INSERT INTO transaction_history (transaction_id, from_state, to_state, cause, actor, attempt)
        VALUES ('${old}', 'accepted', 'cancelled', 'api', 'test', 0)`);
      await told.world.db.raw(`INSERT INTO transaction_history (transaction_id, from_state, to_state, cause, actor, attempt)
        VALUES ('${young}', 'accepted', 'cancelled', 'api', 'test', 0)`);
      await relayOnce(told.world);
      expect(await all()).toHaveLength(before);
    });
    await told.relay();
    const rest = (await all()).slice(before).map(({ event }) => (event.data as { id: string }).id);
    expect(rest).toEqual([old, young]);
  });

  it('keeps the order of a payment whose later move has the smaller number, also across batches', async () => {
    const [id] = (await told.pay()) as [string];
    await told.relay();
    await asOwner(`INSERT INTO transaction_history (transaction_id, from_state, to_state, cause, actor, attempt, xact) VALUES
      ('${id}', 'accepted', 'in_review', 'worker', 'test', 0, (pg_current_xact_id()::text::bigint)::text::xid8),
      ('${id}', 'in_review', 'failed', 'worker', 'test', 0, (pg_current_xact_id()::text::bigint - 1)::text::xid8)`);
    await asOwner(
      `UPDATE event_relay SET xact = (SELECT min(xact::text::bigint) FROM transaction_history)::text::xid8, history_id = 1`,
    );
    // One move at a time: the later one is met first, and takes the earlier along.
    await until(async () => {
      await told.world.db.raw('SELECT * FROM relay_events(1)');
      return (await all()).length === 3;
    }, 'all of them are told, once no older database transaction runs in the cluster');
    expect((await all()).map(({ event }) => [event.type, event.sequence])).toEqual([
      ['payout.accepted', 1],
      ['payout.in_review', 2],
      ['payout.failed', 3],
    ]);
  });

  it('catches up after a dump was restored into a cluster whose numbers are smaller, and tells nothing twice', async () => {
    const ids = await told.pay(3);
    await told.relay();
    await told.end(ids);
    // As a dump brings them: numbers that this cluster has not given out yet, some of them told and some not.
    await asOwner('UPDATE transaction_history SET xact = (xact::text::bigint + 1000000000)::text::xid8');
    await asOwner('UPDATE event_relay SET xact = (xact::text::bigint + 1000000000)::text::xid8');
    const [later] = (await told.pay()) as [string];
    await told.relay();
    const events = (await all()).map(({ event }) => event);
    expect(events).toHaveLength(10);
    for (const id of ids) {
      const types = events.filter((event) => (event.data as { id: string }).id === id).map(({ type }) => type);
      expect(types).toEqual(['payout.accepted', 'payout.submitted', 'payout.settled']);
    }
    await told.end([later]);
    await told.relay();
    expect(await all()).toHaveLength(12);
  });
});
