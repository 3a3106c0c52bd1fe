// The webhook inbox: authentic bytes stored once, whatever they hold; and events that only ever make us look.
import { createHash, createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectionFlow } from '../../src/collections/flow.ts';
import { openDatabase } from '../../src/db/knex.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { cancelPayout } from '../../src/payouts/cancel.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import type { ProviderTransaction } from '../../src/provider/provider.ts';
import { advance } from '../../src/transactions/advance.ts';
import { findTransaction } from '../../src/transactions/find.ts';
import { applyWebhookEvent, postponeWebhookEvent } from '../../src/webhooks/apply.ts';
import { receiveWebhook } from '../../src/webhooks/receive.ts';
import { openBody } from '../../src/webhooks/webhook-event.ts';
import { executed } from '../support/executed.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const flows = { payout: payoutFlow, collection: collectionFlow };
let world: World;
let payoutId: string;

beforeEach(async () => {
  world = await createWorld({ env: { EVERSEND_WEBHOOK_SECRET: 'new-secret,old-secret' } });
  await world.fund('UGX', 1_000_000n);
  const answer = await createPayout(world, world.caller, world.request(), NEW_PAYOUT);
  payoutId = JSON.parse(answer.body).id;
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

const sign = (body: Buffer | string, secret = 'new-secret') => createHmac('sha512', secret).update(body).digest('hex');
const receive = (body: Buffer | string, signature: string | undefined = sign(body)) =>
  receiveWebhook(world, { rawBody: Buffer.from(body), signature, clientAddress: '203.0.113.9' });
const event = (of: Record<string, unknown> = {}) =>
  JSON.stringify({ eventType: 'transaction.payout', transactionRef: payoutId, status: 'successful', ...of });
const events = () => world.db('webhook_events').orderBy('id');
const status = async () => (await findTransaction(world, world.merchantId, payoutId)).status;
async function applyAll(): Promise<void> {
  for (const row of await events()) await applyWebhookEvent(world, flows, row.id);
}
const send = () => advance(world, payoutFlow, payoutId, { cause: 'worker', actor: 'worker', insists: false });

describe('receiving', () => {
  it('stores an authentic event byte for byte with its sender’s address, and rings for it', async () => {
    const body = `{ "data": {"transactionRef":"${payoutId}"},\t"eventType":"x" }`;
    expect(await receive(body)).toBe('stored');
    const [row] = await events();
    expect(openBody(world.vault, row?.body).toString()).toBe(body);
    expect(row?.body.includes('co01')).toBe(false);
    expect(row).toMatchObject({ reference: payoutId, state: 'received', client_address: '203.0.113.9' });
    expect(world.rung.at(-1)).toMatchObject({ queue: 'webhooks', id: row?.id });
  });

  it('stores a hundred copies of one event once and rings once', async () => {
    const before = world.rung.length;
    const body = event();
    await Promise.all(Array.from({ length: 100 }, () => receive(body)));
    expect(await events()).toHaveLength(1);
    expect(world.rung).toHaveLength(before + 1);
  });

  it('accepts either secret during a rotation', async () => {
    expect(await receive(event(), sign(event(), 'old-secret'))).toBe('stored');
  });

  it.each([
    ['no signature', () => ''],
    ['a signature of another body', () => sign('another')],
    ['a signature under another secret', () => sign(event(), 'stolen')],
    ['a short one', () => sign(event()).slice(2)],
    ['one that is no hex', () => 'z'.repeat(128)],
    ['the unkeyed digest of the published sample', () => createHash('sha512').update(event()).digest('hex')],
  ])('refuses %s and stores nothing', async (_, signature) => {
    expect(await receive(event(), signature())).toBe('bad_signature');
    expect(await events()).toEqual([]);
  });

  it.each([
    ['no JSON', 'hello'],
    ['an array', '[]'],
    ['a NUL', `{"transactionRef":"\\u0000"}`],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['nothing that names a transaction', '{"__proto__":{"x":1}}'],
    ['a very deep body', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ])('keeps signed nonsense (%s) as unreadable and never tries it again', async (_, body) => {
    expect(await receive(body)).toBe('stored');
    expect(await events()).toMatchObject([{ state: 'unreadable', due_at: null }]);
    await applyAll();
    expect(world.provider.calls.lookUp).toBe(0);
  });
});

describe('applying', () => {
  it('settles when the provider confirms, and a second event changes nothing', async () => {
    await send();
    world.provider.rule(payoutId, { status: 'successful' });
    await receive(event());
    await receive(event({ again: true }));
    await applyAll();
    expect(await status()).toBe('settled');
    expect(await events()).toMatchObject([{ state: 'applied' }, { state: 'applied' }]);
    expect(await world.db('journal_entries').where({ kind: 'settle' })).toHaveLength(1);
  });

  it('changes nothing when it comes again long afterwards, also when nobody remembers it', async () => {
    await send();
    world.provider.rule(payoutId, { status: 'successful' });
    await receive(event());
    await applyAll();
    const booked = await world.db('journal_entries').pluck('reference');
    const rung = world.rung.length;
    expect(await receive(event())).toBe('stored');
    expect(world.rung).toHaveLength(rung);
    const owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 1, onError: () => {}, role: null });
    await owner('webhook_events').delete();
    await owner.destroy();
    expect(await receive(event())).toBe('stored');
    await applyAll();
    expect(await events()).toMatchObject([{ state: 'applied' }]);
    expect(await status()).toBe('settled');
    expect(await world.db('journal_entries').pluck('reference')).toEqual(booked);
  });

  it('moves no money on a correctly signed lie', async () => {
    await send();
    await receive(event());
    for (let round = 0; round < 4; round += 1) await applyAll();
    expect(await status()).toBe('submitted');
    expect(await events()).toMatchObject([{ state: 'applied', look_ups: 3 }]);
  });

  it('gives one end for success and failure in either order: the provider’s', async () => {
    await send();
    world.provider.rule(payoutId, { status: 'failed', reason: 'limit' });
    await receive(event({ status: 'successful' }));
    await receive(event({ status: 'failed' }));
    await receive(event({ status: 'pending' }));
    await applyAll();
    expect(await status()).toBe('failed');
  });

  it('adopts a payout whose answer has not been stored yet', async () => {
    const gate = Promise.withResolvers<void>();
    let executed = false;
    world.provider.onSubmit = async (execute) => {
      const transaction = execute();
      executed = true;
      await gate.promise;
      return { kind: 'accepted', transaction };
    };
    const sending = send();
    while (!executed) await new Promise((resolve) => setImmediate(resolve));
    world.provider.rule(payoutId, { status: 'successful' });
    await receive(event());
    await applyAll();
    expect(await status()).toBe('settled');
    gate.resolve();
    expect(await sending).toBe('stale');
    expect(await status()).toBe('settled');
  });

  it('about a payout that was called unsent but was executed, adopts it and sends nothing', async () => {
    world.provider.onSubmit = (execute) => {
      execute();
      return { kind: 'not_sent', code: 'forbidden', message: '403', retryAfterMs: null };
    };
    expect(await send()).toBe('waiting');
    world.provider.rule(payoutId, { status: 'successful' });
    await world.makeDue();
    await receive(event());
    await applyAll();
    expect(await status()).toBe('settled');
    expect([world.provider.calls.submit, world.provider.executed.get(payoutId)?.length]).toEqual([1, 1]);
    const [{ id }] = await events();
    expect(await events()).toMatchObject([{ state: 'applied' }]);
    const adopted = await world.db('transaction_history').where({ note: 'the provider has it already' });
    expect(adopted).toMatchObject([{ from_state: 'accepted', cause: 'webhook', actor: `webhook:${id}` }]);
  });

  it('before the next sending’s date, finds what look-ups had not shown and keeps it from being sent again', async () => {
    world.provider.onSubmit = (execute) => {
      execute();
      return { kind: 'unknown', code: 'timeout', message: 'lost' };
    };
    world.provider.onLookUp = () => ({ kind: 'not_found' });
    await send();
    const past = world.db.raw("now() - interval '1 hour'");
    for (let round = 0; round < 9 && (await status()) !== 'accepted'; round += 1) {
      await world.db('attempts').update({ fence_at: past });
      await world.db('attempts').whereNotNull('first_negative_at').update({ first_negative_at: past });
      await world.makeDue();
      await send();
    }
    expect(await status()).toBe('accepted');
    await world
      .db('transactions')
      .where({ id: payoutId })
      .update({ due_at: world.db.raw("now() + interval '1 hour'") });
    world.provider.onLookUp = () => null;
    world.provider.rule(payoutId, { status: 'successful' });
    await receive(event());
    await applyAll();
    expect(await status()).toBe('settled');
    await world.makeDue();
    expect(await send()).toBe('nothing_to_do');
    expect(world.provider.executed.get(payoutId)).toHaveLength(1);
  });

  it('about a payout that the provider does not know looks three times, and never sends it', async () => {
    for (let round = 0; round < 4; round += 1) {
      await world.makeDue();
      if (round === 0) await receive(event());
      await applyAll();
    }
    expect(await events()).toMatchObject([{ state: 'applied', look_ups: 3 }]);
    expect([await status(), world.provider.calls.lookUp, world.provider.calls.submit]).toEqual(['accepted', 3, 0]);
  });

  it('about a payout that is not sent yet waits when the provider cannot be asked', async () => {
    world.provider.onLookUp = () => ({ kind: 'unavailable', code: 'server_error', message: '503', retryAfterMs: null });
    await world.makeDue();
    await receive(event());
    await applyAll();
    expect(await events()).toMatchObject([{ state: 'received', look_ups: 1 }]);
    expect([await status(), world.provider.calls.submit]).toEqual(['accepted', 0]);
  });

  it('about a payout that was cancelled here but executed names it, once, and books it into suspense', async () => {
    world.provider.onSubmit = (execute) => {
      execute();
      return { kind: 'not_sent', code: 'forbidden', message: '403', retryAfterMs: null };
    };
    await send();
    await cancelPayout(world, world.caller, payoutId);
    await receive(event());
    await applyAll();
    expect([await events(), await world.db('cases')]).toMatchObject([[{ state: 'received', look_ups: 1 }], []]);
    world.provider.rule(payoutId, { status: 'successful' });
    await receive(event({ again: true }));
    await applyAll();
    expect(await events()).toMatchObject([{ state: 'applied' }, { state: 'applied' }]);
    expect(await world.db('cases')).toMatchObject([{ kind: 'unknown_operation', evidence: { row: 'cancelled' } }]);
    expect(await world.db('journal_entries').where({ kind: 'suspend' })).toHaveLength(1);
    expect(await status()).toBe('cancelled');
  });

  it('asks again later when the provider cannot be asked', async () => {
    await send();
    world.provider.onLookUp = () => ({ kind: 'unavailable', code: 'server_error', message: '503', retryAfterMs: null });
    await receive(event());
    await applyAll();
    expect(await events()).toMatchObject([{ state: 'received', look_ups: 1 }]);
  });

  it('looks a stranger up a bounded number of times', async () => {
    await receive(event({ transactionRef: 'po00000000000000000000000000', transactionId: 'BP1' }));
    for (let round = 0; round < 5; round += 1) await applyAll();
    expect(world.provider.calls.lookUp).toBe(3);
    expect(await events()).toMatchObject([{ state: 'unknown' }]);
  });

  const LOST = `po${'0'.repeat(26)}`;
  const operation = (more: Partial<ProviderTransaction> = {}) =>
    executed(LOST, { providerTransactionId: 'BP77', ...more });

  it.each([
    ['our reference', { transactionRef: LOST }],
    ['the provider’s id', { transactionId: 'BP77' }],
    ['both', { transactionRef: LOST, transactionId: 'BP77' }],
  ])('names an operation whose row we lost, by %s', async (_, names) => {
    world.provider.executed.set(LOST, [operation()]);
    await receive(JSON.stringify({ ...names, status: 'successful' }));
    await applyAll();
    expect(await world.db('cases')).toMatchObject([{ kind: 'unknown_operation', evidence: { reference: LOST } }]);
    expect(await world.db('postings').where({ account_id: 'suspense:UGX' })).toMatchObject([{ amount: -100_000n }]);
    expect(await events()).toMatchObject([{ state: 'unknown' }]);
  });

  it('takes an operation for its row’s when only the provider’s id was named, and ours does not know it yet', async () => {
    world.provider.onSubmit = (execute) => {
      execute();
      return { kind: 'unknown', code: 'timeout', message: 'lost' };
    };
    await send();
    world.provider.rule(payoutId, { status: 'successful' });
    const [{ providerTransactionId } = { providerTransactionId: '' }] = world.provider.executed.get(payoutId) ?? [];
    await receive(JSON.stringify({ transactionId: providerTransactionId, status: 'successful' }));
    await applyAll();
    expect([await status(), await world.db('cases')]).toEqual(['settled', []]);
    expect(await events()).toMatchObject([{ state: 'applied' }]);
  });

  it('puts money that came in under a foreign reference into suspense, and leaves alone what went out under one', async () => {
    const foreign = { reference: 'INV-2026-7' };
    world.provider.executed.set('INV-2026-7', [
      operation({ ...foreign, type: 'collection', providerTransactionId: 'BE1', feesMinor: null }),
      operation({ ...foreign, providerTransactionId: 'BP2' }),
    ]);
    await receive(JSON.stringify({ transactionId: 'BE1', transactionRef: 'INV-2026-7', status: 'successful' }));
    await receive(JSON.stringify({ transactionId: 'BP2', transactionRef: 'INV-2026-7', status: 'successful' }));
    await applyAll();
    expect(await world.db('cases')).toMatchObject([{ kind: 'unexpected_money', subject: 'provider:BE1' }]);
  });

  it('puts money nobody asked for into suspense, once, with a case', async () => {
    world.provider.onLookUp = () => ({
      kind: 'found',
      transaction: {
        providerTransactionId: 'BE31788255182123',
        reference: null,
        type: 'collection',
        status: 'successful',
        currency: 'UGX',
        amountMinor: 700_000n,
        feesMinor: null,
        destinationAmountMinor: null,
        destinationCurrency: null,
        isRefunded: false,
        reason: null,
        redirectUrl: null,
      },
    });
    await receive(JSON.stringify({ transactionId: 'BE31788255182123', status: 'successful' }));
    await receive(JSON.stringify({ transactionId: 'BE31788255182123', status: 'successful', n: 2 }));
    await applyAll();
    expect(await world.db('postings').where({ account_id: 'suspense:UGX' })).toMatchObject([{ amount: 700_000n }]);
    expect(await world.db('cases')).toMatchObject([{ kind: 'unexpected_money', amount_minor: 700_000n }]);
  });
});

describe('many at once', () => {
  it('are marked in the order of their ids, as the sweep rings them, so that the two never wait for each other', async () => {
    await receive(event());
    await receive(event({ more: 1 }));
    const [low, high] = (await events()).map((row) => row.id) as [string, string];
    let marking: Promise<unknown> | undefined;
    await world.db.transaction(async (trx) => {
      await trx.raw('SELECT 1 FROM webhook_events WHERE id = ? FOR UPDATE', [low]);
      marking = Promise.all([postponeWebhookEvent(world, high), postponeWebhookEvent(world, low)]);
      const waiters =
        'SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()';
      await until(async () => (await world.db.raw(waiters)).rows.length > 0, 'the marks wait for the row');
      await trx.raw('SELECT 1 FROM webhook_events WHERE id = ? FOR UPDATE NOWAIT', [high]);
    });
    await marking;
    expect(await events()).toMatchObject([{ look_ups: 1 }, { look_ups: 1 }]);
  });

  it('ask a database that went away once together, not each by itself', async () => {
    let asked = 0;
    const acquireConnection = async () => {
      asked += 1;
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: '57P01' });
    };
    const away = { ...world, db: { client: { acquireConnection } } as unknown as World['db'] };
    const all = await Promise.allSettled(['1', '2', '3'].map((id) => applyWebhookEvent(away, flows, id)));
    expect(all.map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(asked).toBe(1);
  });
});
