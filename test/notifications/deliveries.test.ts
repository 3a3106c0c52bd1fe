// Deliveries: signed, in order per transaction, again until they are taken, and never more than an endpoint can bear.
import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEndpoint, rotateSecret } from '../../src/notifications/endpoint.ts';
import { listEvents } from '../../src/notifications/event.ts';
import { rest, takeLease } from '../../src/notifications/lease.ts';
import { publish } from '../../src/notifications/publish.ts';
import { beginReplay } from '../../src/notifications/replay.ts';
import { runEndpoint } from '../../src/notifications/run-endpoint.ts';
import { enableEndpoint } from '../../src/notifications/switch.ts';
import { sweepOnce } from '../../workers/sweep.ts';
import { type ReceivedEvent, type Receiver, startReceiver } from '../support/receiver.ts';
import { openTold, type Told } from '../support/told.ts';
import { until } from '../support/until.ts';

/** Whoever waits for a lock in this database. */
const WAITERS =
  'SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()';

let told: Told;
let receiver: Receiver;
beforeEach(async () => {
  told = await openTold();
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await told.close();
});

const row = async (id: string) => told.world.db('webhook_endpoints').where({ id }).first();
/** By transaction, the sequences in the order in which they were taken, each event once. */
function sequences(taken: readonly ReceivedEvent[]): Map<string, number[]> {
  const seen = new Set<string>();
  const found = new Map<string, number[]>();
  for (const { event } of taken) {
    if (event.sequence === null || seen.has(event.id)) continue;
    seen.add(event.id);
    found.set(event.data.id, [...(found.get(event.data.id) ?? []), event.sequence]);
  }
  return found;
}

describe('a delivery', () => {
  it('is signed so that the scheme’s own library, and ten lines of HMAC, accept it', async () => {
    const { endpoint, secret } = await told.endpoint({ url: receiver.url });
    const [id] = await told.pay();
    await told.relay();
    await told.drain(endpoint.id);
    const [{ headers, raw, event }] = receiver.taken as [ReceivedEvent];
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(new Webhook(secret).verify(raw, headers)).toEqual(event);
    expect(event).toMatchObject({ type: 'payout.accepted', sequence: 1, data: { id, status: 'accepted' } });
    expect(headers['webhook-id']).toBe(event.id);
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${raw}`;
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(() => new Webhook(secret).verify(`${raw} `, headers)).toThrow();
  });

  it('is signed by both secrets while a rotation overlaps, and by the new one alone afterwards', async () => {
    const { endpoint, secret: old } = await told.endpoint({ url: receiver.url });
    const { world } = told;
    const { secret } = await world.db.transaction((trx) =>
      rotateSecret(world, trx, world.caller, { id: endpoint.id, overlapMs: 60_000 }),
    );
    await told.pay();
    await told.relay();
    await told.drain(endpoint.id);
    const [first] = receiver.taken as [ReceivedEvent];
    for (const each of [old, secret]) expect(new Webhook(each).verify(first.raw, first.headers)).toEqual(first.event);
    await world.db('webhook_endpoints').update({ previous_until: world.db.raw("now() - interval '1 second'") });
    await told.pay();
    await told.relay();
    await told.drain(endpoint.id);
    const last = receiver.taken.at(-1) as ReceivedEvent;
    expect(() => new Webhook(old).verify(last.raw, last.headers)).toThrow();
    expect(new Webhook(secret).verify(last.raw, last.headers)).toEqual(last.event);
  });

  it('goes to whoever asked for its type, and to nobody else', async () => {
    const settled = await told.endpoint({ url: receiver.url, types: ['payout.settled'] });
    const collections = await told.endpoint({ url: receiver.url, types: ['collection.*'] });
    const all = await told.endpoint({ url: receiver.url, types: ['collection.settled', 'payout.*'] });
    await told.end(await told.pay());
    await told.relay();
    expect(await Promise.all([settled, collections, all].map(({ endpoint }) => told.pending(endpoint.id)))).toEqual([
      1, 0, 3,
    ]);
    await told.drain(settled.endpoint.id);
    expect(receiver.taken.map(({ event }) => event.type)).toEqual(['payout.settled']);
  });

  it('never goes to another merchant', async () => {
    const { world } = told;
    await world.db('merchants').insert({ id: 'me00000000000000000000000000', name: 'Other' });
    const other = { ...world.caller, merchantId: 'me00000000000000000000000000' };
    const { endpoint } = await world.db.transaction((trx) =>
      createEndpoint(world, trx, other, { url: receiver.url, description: null, types: null }),
    );
    await told.pay();
    await told.relay();
    expect(await told.pending(endpoint.id)).toBe(0);
    expect(await listEvents(world, { merchantId: other.merchantId, after: 0n, limit: 10 })).toEqual([]);
  });

  it('waits until the earlier ones about its transaction are taken', async () => {
    const { endpoint } = await told.endpoint({ url: receiver.url });
    const ids = await told.pay(5);
    await told.end(ids);
    await told.relay();
    const refused = new Set<string>();
    const taken = new Set<string>();
    const early: string[] = [];
    receiver.answer = ({ event }) => {
      const place = (sequence: number) => `${event.data.id} ${sequence}`;
      const sequence = event.sequence ?? 0;
      if (sequence > 1 && !taken.has(place(sequence - 1))) early.push(place(sequence));
      if (!refused.has(event.id)) {
        refused.add(event.id);
        return { status: 500 };
      }
      taken.add(place(sequence));
      return { status: 200 };
    };
    await told.drain(endpoint.id);
    expect([...sequences(receiver.taken).values()]).toEqual(Array(5).fill([1, 2, 3]));
    // No later one was even tried before.
    expect(early).toEqual([]);
  });

  it('has failed when its schedule is used up while the endpoint takes others, which it then lets through', async () => {
    await told.close();
    told = await openTold({ DELIVERY_SCHEDULE_MS: '10,10' });
    const { endpoint } = await told.endpoint({ url: receiver.url });
    const ids = await told.pay(2);
    await told.end(ids);
    await told.relay();
    receiver.answer = ({ event }) => ({ status: event.data.id === ids[0] && event.sequence === 2 ? 500 : 200 });
    await until(async () => {
      await told.pay();
      await told.relay();
      await runEndpoint(told.world, endpoint.id);
      return (await told.pending(endpoint.id)) === 0;
    }, 'all are done');
    const states = await told.world
      .db('deliveries')
      .where({ transaction_id: ids[0] })
      .orderBy('event_position')
      .select('state', 'attempts');
    expect(states.map(({ state }) => state)).toEqual(['delivered', 'failed', 'delivered']);
    expect(states[1].attempts).toBe(3);
  });
});

it('an event that cannot be shown holds up no other', async () => {
  const { endpoint } = await told.endpoint({ url: receiver.url });
  const [bad, good] = (await told.pay(2)) as [string, string];
  await told.world
    .db('personal_data')
    .where({ subject_id: bad })
    .update({ sealed: Buffer.from('under a key that is gone') });
  await told.relay();
  await runEndpoint(told.world, endpoint.id);
  expect(receiver.taken.map(({ event }) => event.data.id)).toEqual([good]);
  const [first] = await told.world.db('delivery_attempts').whereNotNull('error');
  expect(first.error).toBe('unreadable');
});

describe('an endpoint', () => {
  it('that was down is probed by a few calls, and then gets everything, complete and in order', async () => {
    const { endpoint } = await told.endpoint({ url: receiver.url });
    const ids = await told.pay(60);
    await told.end(ids);
    await told.relay();
    receiver.answer = () => ({ status: 503 });
    await until(async () => {
      await runEndpoint(told.world, endpoint.id);
      return (await row(endpoint.id)).failures >= 10;
    }, 'it has been probed for a while');
    // As many as go at once were on their way when it broke down, some of them begun while the first ones ended; after that two at a time.
    expect(receiver.received.length).toBeLessThan(ids.length);
    expect(receiver.taken).toEqual([]);
    receiver.answer = () => ({ status: 200 });
    await told.drain(endpoint.id);
    const found = sequences(receiver.taken);
    expect(found.size).toBe(60);
    expect([...found.values()]).toEqual(Array(60).fill([1, 2, 3]));
    expect((await row(endpoint.id)).failing_since).toBeNull();
  });

  it('that answers 410 is disabled at once; others are told, and what waits is kept', async () => {
    const gone = await told.endpoint({ url: receiver.url, types: ['payout.*'] });
    const witness = await told.endpoint({ url: receiver.url, types: ['webhook_endpoint.disabled'] });
    receiver.answer = ({ event }) => ({ status: event.type === 'webhook_endpoint.disabled' ? 200 : 410 });
    await told.pay(3);
    await told.relay();
    await runEndpoint(told.world, gone.endpoint.id);
    expect(await row(gone.endpoint.id)).toMatchObject({ status: 'disabled', disabled_reason: 'gone', due_at: null });
    expect(await told.pending(gone.endpoint.id)).toBe(3);
    await told.drain(witness.endpoint.id);
    expect(receiver.taken.map(({ event }) => [event.type, event.data.id, event.data.reason])).toEqual([
      ['webhook_endpoint.disabled', gone.endpoint.id, 'gone'],
    ]);
    const audits = await told.world.db('audit_log').where({ action: 'webhook_endpoints.disable' });
    expect(audits).toMatchObject([{ subject: gone.endpoint.id, reason: 'gone' }]);
    receiver.answer = () => ({ status: 200 });
    await enableEndpoint(told.world, told.world.caller, gone.endpoint.id);
    await told.drain(gone.endpoint.id);
    expect(receiver.taken).toHaveLength(4);
  });

  it('that takes nothing for longer than patience is disabled, with notice', async () => {
    await told.close();
    told = await openTold({ ENDPOINT_PATIENCE_MS: '150' });
    const { endpoint } = await told.endpoint({ url: receiver.url });
    receiver.answer = () => ({ status: 500 });
    await told.pay();
    await told.relay();
    await until(async () => {
      await runEndpoint(told.world, endpoint.id);
      return (await row(endpoint.id)).status === 'disabled';
    }, 'it is disabled');
    expect(await row(endpoint.id)).toMatchObject({ disabled_reason: 'no_success' });
    expect(await told.pending(endpoint.id)).toBe(1);
    const last = (await listEvents(told.world, { merchantId: told.world.merchantId, after: 0n, limit: 100 })).at(-1);
    expect(last?.event).toMatchObject({ type: 'webhook_endpoint.disabled', data: { reason: 'no_success' } });
  });

  it('that asks for time by Retry-After is left in peace for as long', async () => {
    const { endpoint } = await told.endpoint({ url: receiver.url });
    receiver.answer = () => ({ status: 429, headers: { 'retry-after': '120' } });
    await told.pay(2);
    await told.relay();
    await runEndpoint(told.world, endpoint.id);
    const { due_at: dueAt } = await row(endpoint.id);
    expect(dueAt.getTime() - Date.now()).toBeGreaterThan(100_000);
    await told.pay();
    await told.relay();
    expect((await row(endpoint.id)).due_at).toEqual(dueAt);
  });

  it('that never answers costs its own deadline and holds up nobody else', async () => {
    const silent = await startReceiver();
    silent.answer = () => null;
    const one = await told.endpoint({ url: silent.url });
    const other = await told.endpoint({ url: receiver.url });
    await told.pay(3);
    await told.relay();
    const running = runEndpoint(told.world, one.endpoint.id);
    await told.drain(other.endpoint.id);
    expect(receiver.taken).toHaveLength(3);
    await running;
    const attempts = await told.world.db('delivery_attempts').whereNotNull('error');
    expect(new Set(attempts.map(({ error }) => error))).toEqual(new Set(['timeout']));
    await silent.close();
  });

  it('gets an event again under the same id when whoever sent it lost the lease before recording it', async () => {
    const { endpoint } = await told.endpoint({ url: receiver.url });
    await told.pay();
    await told.relay();
    const { world } = told;
    let stolen = false;
    receiver.answer = async () => {
      if (stolen) return { status: 200 };
      stolen = true;
      // The first worker sleeps past its lease; another takes it.
      await world.db('webhook_endpoints').update({ due_at: world.db.raw("now() - interval '1 second'") });
      expect(await takeLease(world, endpoint.id)).not.toBeNull();
      return { status: 200 };
    };
    await runEndpoint(world, endpoint.id);
    expect(await told.pending(endpoint.id)).toBe(1);
    await world.db('webhook_endpoints').update({ due_at: world.db.raw("now() - interval '1 second'") });
    await told.drain(endpoint.id);
    const [first, second] = receiver.received;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(receiver.received).toHaveLength(2);
    expect(await world.db('delivery_attempts')).toHaveLength(1);
  });

  it('is rung by the relay, and by the sweep when that bell was lost', async () => {
    const { endpoint } = await told.endpoint({ url: receiver.url });
    await told.pay();
    told.world.rung.splice(0);
    await told.relay();
    expect(told.world.rung).toEqual([{ queue: 'notifications', id: endpoint.id, generation: 2 }]);
    await told.world.db('webhook_endpoints').update({ rung_at: told.world.db.raw("now() - interval '1 hour'") });
    await sweepOnce(told.world);
    expect(told.world.rung.at(-1)).toEqual({ queue: 'notifications', id: endpoint.id, generation: 3, ahead: false });
    await told.drain(endpoint.id);
    expect((await row(endpoint.id)).due_at).toBeNull();
  });

  it('is woken by what commits while it goes to rest', async () => {
    const { world } = told;
    const { endpoint } = await told.endpoint({ url: receiver.url });
    await told.pay();
    await told.relay();
    const leased = await takeLease(world, endpoint.id);
    if (leased === null) throw new Error('it was not due');
    await world.db('deliveries').update({ state: 'delivered', due_at: null, done_at: new Date() });
    let resting: Promise<void> | undefined;
    await world.db.transaction(async (trx) => {
      await publish(trx, {
        merchantId: world.merchantId,
        type: 'webhook_endpoint.ping',
        data: {},
        onlyTo: endpoint.id,
      });
      resting = rest(world, leased, 0);
      await until(async () => (await world.db.raw(WAITERS)).rows.length > 0, 'it waits for its row');
    });
    await resting;
    expect((await row(endpoint.id)).due_at).not.toBeNull();
    await told.drain(endpoint.id);
    expect(receiver.taken).toHaveLength(1);
  });

  it('is woken by what is relayed in the very moment in which it goes to rest', async () => {
    const { endpoint } = await told.endpoint({ url: receiver.url });
    for (let round = 0; round < 15; round += 1) {
      await told.pay();
      await Promise.all([runEndpoint(told.world, endpoint.id), told.relay()]);
      const { due_at: dueAt, running } = await row(endpoint.id);
      if ((await told.pending(endpoint.id)) > 0) expect(dueAt).not.toBeNull();
      expect(running).toBe(false);
    }
    await told.drain(endpoint.id);
    expect(receiver.taken).toHaveLength(15);
  });
});

describe('a replay', () => {
  it('sends a range again under the same event ids, in order, and only what was asked for', async () => {
    const { endpoint } = await told.endpoint({ url: receiver.url });
    const ids = await told.pay(3);
    await told.end(ids);
    await told.relay();
    await told.drain(endpoint.id);
    const first = receiver.taken.splice(0);
    const { world } = told;
    const replay = (types: string[] | null, from = new Date(0)) =>
      world.db.transaction((trx) =>
        beginReplay(trx, {
          caller: world.caller,
          endpointId: endpoint.id,
          from,
          to: new Date(Date.now() + 1000),
          types,
        }),
      );
    await replay(null);
    await expect(replay(null)).rejects.toMatchObject({ status: 409 });
    await told.relay();
    await told.drain(endpoint.id);
    expect(receiver.taken.map(({ event }) => event.id).toSorted()).toEqual(
      first.map(({ event }) => event.id).toSorted(),
    );
    expect([...sequences(receiver.taken).values()]).toEqual(Array(3).fill([1, 2, 3]));
    receiver.taken.splice(0);
    await replay(['payout.settled']);
    await told.relay();
    await told.drain(endpoint.id);
    expect(receiver.taken.map(({ event }) => event.type)).toEqual(Array(3).fill('payout.settled'));
    await replay(null, new Date(Date.now() + 500));
    await told.relay();
    expect(await told.pending(endpoint.id)).toBe(0);
  });
});
