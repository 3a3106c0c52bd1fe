// Approval limits: what exceeds one waits for another's word, however it is split, and nothing is sent or lost meanwhile.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { lockAvailable, walletBalances } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { removeApprovalLimit, setApprovalLimit } from '../../src/merchants/approval-limit.ts';
import { approve, approvePayout } from '../../src/payouts/approve.ts';
import { cancel, cancelPayout } from '../../src/payouts/cancel.ts';
import { createPayout, type NewPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import { erasePerson } from '../../src/personal-data/erase.ts';
import { advance, type Ring } from '../../src/transactions/advance.ts';
import { findTransaction } from '../../src/transactions/find.ts';
import { stumble } from '../../src/transactions/stumble.ts';
import { unattended } from '../../src/transactions/unattended.ts';
import { createVault } from '../../src/vault.ts';
import { sweepOnce } from '../../workers/sweep.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { untilWaiting } from '../support/waiting.ts';
import { createWorld, type World } from '../support/world.ts';

const BELL: Ring = { cause: 'worker', actor: 'worker', insists: false };
const WEBHOOK: Ring = { cause: 'webhook', actor: 'webhook:test', insists: true };
const JANE = {
  cause: 'operator',
  actor: 'operator:jane',
  clientAddress: null,
  reason: 'known payee',
  via: 'cli:test',
} as const;
let world: World;
let walletId: string;

beforeEach(async () => {
  world = await createWorld();
  walletId = await world.fund('UGX', 100_000_000n);
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

const limit = (of: { aboveMinor?: bigint; dailyAboveMinor?: bigint; currency?: string }) =>
  inTransaction(world.db, (trx) =>
    setApprovalLimit(trx, {
      merchantId: world.merchantId,
      currency: 'UGX',
      aboveMinor: null,
      dailyAboveMinor: null,
      ...of,
    }),
  );
const pay = async (of: Partial<NewPayout> = {}, on = world) =>
  JSON.parse((await createPayout(on, on.caller, on.request(), { ...NEW_PAYOUT, ...of })).body);
const to = (n: number) => ({ recipient: { firstName: 'John', lastName: 'Okello', phone: `+2567123456${10 + n}` } });
const statusOf = async (of: Partial<NewPayout> = {}) => (await pay(of)).status;
const view = (id: string) => findTransaction(world, world.merchantId, id);
const history = (id: string) => world.db('transaction_history').where({ transaction_id: id }).orderBy('id');
const another = () => ({ ...world.caller, apiKeyId: newId('apiKey') });
const balance = async () => (await walletBalances(world.db, [walletId])).get(walletId);
const states = async () =>
  Object.groupBy(await world.db('transactions').pluck('state'), (state: string) => state) as Record<string, string[]>;

describe('a payout above its merchant’s limit', () => {
  it('awaits approval with its money held, rings nobody, and is answered so, again too', async () => {
    await limit({ aboveMinor: 99_999n });
    const request = world.request();
    const answer = await createPayout(world, world.caller, request, NEW_PAYOUT);
    const payout = JSON.parse(answer.body);
    expect(payout.status).toBe('awaiting_approval');
    expect(answer.body).toBe(JSON.stringify(await view(payout.id)));
    expect(await createPayout(world, world.caller, request, NEW_PAYOUT)).toEqual({ ...answer, replayed: true });
    expect(world.rung).toEqual([]);
    expect((await balance())?.heldMinor).toBe(100_000n);
    expect(await history(payout.id)).toMatchObject([{ from_state: null, to_state: 'awaiting_approval' }]);
    expect(await sweepOnce(world)).toBe(0);
    for (const ring of [BELL, WEBHOOK]) expect(await advance(world, payoutFlow, payout.id, ring)).toBe('waiting');
    expect(world.provider.calls).toMatchObject({ quote: 0, submit: 0 });
  });

  it('is one whose amount alone, or with what the same account got within a day, exceeds it', async () => {
    await limit({ aboveMinor: 250_000n });
    expect(await statusOf({ amountMinor: 250_100n, ...to(1) })).toBe('awaiting_approval');
    expect(await statusOf({ amountMinor: 250_000n, ...to(2) })).toBe('accepted');
    expect(await statusOf({ amountMinor: 100n, ...to(2) })).toBe('awaiting_approval');
    // Another account has its own; a day later all is forgotten.
    expect(await statusOf({ amountMinor: 200_000n, ...to(3) })).toBe('accepted');
    await world.db('transactions').update({ created_at: world.db.raw("now() - interval '25 hours'") });
    await world.db('personal_data').update({ stored_at: world.db.raw("now() - interval '25 hours'") });
    expect(await statusOf({ amountMinor: 250_000n, ...to(2) })).toBe('accepted');
  });

  it('counts an account as one, by whatever method and in whatever letters it is named', async () => {
    await limit({ aboveMinor: 150_000n });
    const wallet = (recipient: object) =>
      statusOf({ method: 'eversend', country: null, destinationCurrency: null, recipient });
    expect(await wallet({ email: 'Ada@Example.com' })).toBe('accepted');
    expect(await wallet({ email: 'ada@example.com' })).toBe('awaiting_approval');
    expect(await statusOf(to(1))).toBe('accepted');
    expect(await wallet({ phone: to(1).recipient.phone })).toBe('awaiting_approval');
  });

  it('counts who was erased since then as the one who is paid: erasing is no way around a limit', async () => {
    await limit({ aboveMinor: 150_000n });
    const { id } = await pay(to(1));
    await advance(world, payoutFlow, id, BELL);
    world.provider.rule(id, { status: 'successful' });
    await advance(world, payoutFlow, id, WEBHOOK);
    const actor = { actor: 'test', clientAddress: null };
    const of = { merchantId: world.merchantId, account: to(1).recipient.phone, reason: 'asked to', actor };
    expect((await erasePerson(world.db, world.vault, of)).erased).toBe(1);
    expect(await statusOf(to(1))).toBe('awaiting_approval');
  });

  it('counts what was accepted before the data key was changed', async () => {
    await limit({ aboveMinor: 150_000n });
    await pay(to(1));
    const vault = createVault([randomBytes(32), ...world.config.DATA_ENCRYPTION_KEYS]);
    expect((await pay(to(1), { ...world, vault })).status).toBe('awaiting_approval');
    expect((await pay(to(2), { ...world, vault })).status).toBe('accepted');
  });

  it('is one that with all of the merchant’s payouts within a day exceeds the daily limit', async () => {
    await limit({ dailyAboveMinor: 250_000n });
    expect([await statusOf(to(1)), await statusOf(to(2)), await statusOf(to(3))]).toEqual([
      'accepted',
      'accepted',
      'awaiting_approval',
    ]);
    expect(await statusOf({ amountMinor: 100n, ...to(4) })).toBe('awaiting_approval');
  });

  it('counts what it may take where the amount is that of its destination', async () => {
    await limit({ aboveMinor: 199_999n });
    const of = { amountType: 'destination', maxAmountMinor: 200_000n } as const;
    expect(await statusOf(of)).toBe('awaiting_approval');
  });

  it('is not one because of payouts that failed, were cancelled, or are another merchant’s or in another currency', async () => {
    await limit({ aboveMinor: 150_000n, dailyAboveMinor: 150_000n });
    await world.fund('KES', 1_000_000n);
    expect(await statusOf({ currency: 'KES' })).toBe('accepted');
    const cancelled = await pay();
    await cancelPayout(world, world.caller, cancelled.id);
    world.provider.onSubmit = () => ({ kind: 'refused', code: 'rejected', message: 'no' });
    const failed = await pay();
    await advance(world, payoutFlow, failed.id, BELL);
    expect((await view(failed.id)).status).toBe('failed');
    expect(await statusOf()).toBe('accepted');
    expect(await statusOf()).toBe('awaiting_approval');
  });

  it('is none where there is no limit (any more), nor for collections; a limit of nothing lets nothing through', async () => {
    await limit({ aboveMinor: 0n });
    expect(await statusOf({ amountMinor: 100n })).toBe('awaiting_approval');
    await inTransaction(world.db, (trx) => removeApprovalLimit(trx, world.merchantId, 'UGX'));
    expect(await statusOf()).toBe('accepted');
  });
});

describe('racing payouts', () => {
  it('of one process never pass the limit together', async () => {
    await limit({ aboveMinor: 1_000_000n });
    await Promise.all(Array.from({ length: 64 }, () => pay()));
    expect((await states())['accepted']).toHaveLength(10);
    expect((await states())['awaiting_approval']).toHaveLength(54);
  });

  it('of many processes cannot be split under the limit: each is judged after the one before it', async () => {
    await limit({ aboveMinor: 250_000n, dailyAboveMinor: 1_000_000n });
    // All have been judged, or wait to be, before any may take the money.
    const holder = await world.db.transaction();
    await lockAvailable(holder, walletId);
    const paying = Promise.all(Array.from({ length: 3 }, () => pay({}, { ...world })));
    await untilWaiting(world.db, 3);
    await holder.commit();
    expect((await paying).map(({ status }) => status).toSorted()).toEqual([
      'accepted',
      'accepted',
      'awaiting_approval',
    ]);
  });

  it('of many processes keep to the daily limit too, whoever is paid', async () => {
    await limit({ dailyAboveMinor: 1_000_000n });
    const processes = Array.from({ length: 4 }, () => ({ ...world }));
    const paid = await Promise.all(
      Array.from({ length: 40 }, (_, n) => pay(to(n), processes[n % processes.length] ?? world)),
    );
    expect(paid.filter(({ status }) => status === 'accepted')).toHaveLength(10);
  });
});

describe('an approval', () => {
  beforeEach(() => limit({ aboveMinor: 0n }));

  it('by another key sends it, and stands in history and audit', async () => {
    const { id } = await pay();
    const other = another();
    expect((await approvePayout(world, other, id)).status).toBe('accepted');
    expect(world.rung).toEqual([{ queue: 'payouts', id, generation: 1 }]);
    const actor = `key:${other.apiKeyId}`;
    expect(await history(id)).toMatchObject([{}, { from_state: 'awaiting_approval', to_state: 'accepted', actor }]);
    expect(await world.db('audit_log').where({ subject: id })).toMatchObject([{ action: 'payouts.approve', actor }]);
    expect(await advance(world, payoutFlow, id, BELL)).toBe('moved');
    world.provider.rule(id, { status: 'successful' });
    await advance(world, payoutFlow, id, WEBHOOK);
    expect(await view(id)).toMatchObject({ status: 'settled' });
    expect(await balance()).toMatchObject({ heldMinor: 0n });
  });

  it('never comes from the key that asked for it, and from no other merchant', async () => {
    const { id } = await pay();
    await expect(approvePayout(world, world.caller, id)).rejects.toMatchObject({
      code: 'approval_by_creator',
      status: 403,
    });
    const merchantId = newId('merchant');
    await expect(approvePayout(world, { ...another(), merchantId }, id)).rejects.toMatchObject({ status: 404 });
    expect((await view(id)).status).toBe('awaiting_approval');
  });

  it('comes from an operator too, with a reason', async () => {
    const { id } = await pay();
    await approve(world, id, JANE);
    expect((await history(id))[1]).toMatchObject({ cause: 'operator', actor: 'operator:jane', note: 'known payee' });
    expect(await world.db('audit_log').where({ subject: id })).toMatchObject([
      { action: 'payouts.approve', actor: 'operator:jane', reason: 'known payee', detail: { via: 'cli:test' } },
    ]);
  });

  it('is given once: of two at the same moment one wins, and the other hears of it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await pay();
      const ends = await Promise.allSettled([approvePayout(world, another(), id), approve({ ...world }, id, JANE)]);
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const end of ends)
        if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'conflict', status: 409 });
      expect(await history(id)).toHaveLength(2);
    }
  });

  it('that races with a cancellation or the end of its time comes first or not at all', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await pay();
      await world.makeDue();
      await Promise.allSettled([
        approve(world, id, JANE),
        cancelPayout({ ...world }, world.caller, id),
        advance({ ...world }, payoutFlow, id, BELL),
      ]);
      const to = (await history(id)).map((step) => step.to_state).slice(1);
      expect(['accepted', 'cancelled', 'accepted cancelled', 'accepted submitting submitted']).toContain(to.join(' '));
    }
  });

  it('is refused for what does not await it, and while the service recovers', async () => {
    await inTransaction(world.db, (trx) => removeApprovalLimit(trx, world.merchantId, 'UGX'));
    const { id } = await pay();
    await expect(approvePayout(world, another(), id)).rejects.toMatchObject({ code: 'conflict', status: 409 });
    await limit({ aboveMinor: 0n });
    const waiting = await pay();
    await world.db('recoveries').insert({ begun_by: 'test', newest_at: new Date() });
    await expect(approve(world, waiting.id, JANE)).rejects.toMatchObject({ status: 503 });
  });

  it('that comes late leaves patience its whole time: it begins with the approval', async () => {
    const { id } = await pay();
    await world
      .db('transactions')
      .where({ id })
      .update({ created_at: world.db.raw("now() - interval '6 days'") });
    await approve(world, id, JANE);
    world.provider.wallets = async () => [];
    expect(await advance(world, payoutFlow, id, BELL)).toBe('waiting');
    expect(await unattended(world.db, world.config)).toEqual([]);
  });

  it('leaves a scheduled payout to its time, and sends one whose time has passed at once', async () => {
    const scheduledAt = new Date(Date.now() + 3_600_000);
    const [early, late] = [await pay({ scheduledAt }), await pay({ scheduledAt })];
    await world
      .db('transactions')
      .where({ id: late.id })
      .update({ scheduled_at: world.db.raw('now()') });
    for (const { id } of [early, late]) await approve(world, id, JANE);
    const due = await world.db('transactions').where({ id: early.id }).first('due_at');
    expect(due.due_at).toEqual(scheduledAt);
    expect(await advance(world, payoutFlow, early.id, BELL)).toBe('waiting');
    expect(await advance(world, payoutFlow, late.id, BELL)).toBe('moved');
    expect([...world.provider.executed.keys()]).toEqual([late.id]);
  });
});

describe('a payout that nobody approves', () => {
  beforeEach(() => limit({ aboveMinor: 0n }));

  it('is cancelled when its time is up, and its money is free again', async () => {
    const { id } = await pay();
    const { due_at: ends } = await world.db('transactions').where({ id }).first('due_at');
    expect(Math.abs(ends.getTime() - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000);
    await world.makeDue();
    expect(await sweepOnce(world)).toBe(1);
    expect(world.rung).toMatchObject([{ queue: 'payouts', id }]);
    expect(await advance(world, payoutFlow, id, BELL)).toBe('moved');
    expect(await view(id)).toMatchObject({ status: 'cancelled', failure: { code: 'approval_expired' } });
    expect(await balance()).toEqual({ availableMinor: 100_000_000n, heldMinor: 0n });
    expect(world.provider.calls.submit).toBe(0);
  });

  it('keeps its time when a bell fails, and while the service recovers', async () => {
    const { id } = await pay();
    const { due_at: ends } = await world.db('transactions').where({ id }).first('due_at');
    await stumble(world, id, new Error('a bug'));
    expect((await world.db('transactions').where({ id }).first('due_at')).due_at).toEqual(ends);
    await world.makeDue();
    await world.db('recoveries').insert({ begun_by: 'test', newest_at: new Date() });
    expect(await advance(world, payoutFlow, id, BELL)).toBe('waiting');
    expect((await view(id)).status).toBe('awaiting_approval');
  });

  it('is cancelled by its merchant, or by an operator, before that', async () => {
    const [one, other] = [await pay(), await pay()];
    expect((await cancelPayout(world, world.caller, one.id)).status).toBe('cancelled');
    await cancel(world, other.id, JANE);
    expect((await view(other.id)).status).toBe('cancelled');
    expect(await balance()).toEqual({ availableMinor: 100_000_000n, heldMinor: 0n });
    expect(await world.db('audit_log').orderBy('id').pluck('action')).toEqual(['payouts.cancel', 'payouts.cancel']);
  });

  it('is adopted, not sent, when the provider knows it: an approval may have been lost with a restored database', async () => {
    const paid = await pay();
    await approve(world, paid.id, JANE);
    await advance(world, payoutFlow, paid.id, BELL);
    const { id: reference } = await pay();
    world.provider.onLookUp = (asked) => {
      const found = world.provider.executed.get(paid.id)?.[0];
      if (found === undefined || asked !== reference) return null;
      const lost = { reference, providerTransactionId: 'BP-lost', status: 'successful' } as const;
      return { kind: 'found', transaction: { ...found, ...lost } };
    };
    await advance(world, payoutFlow, reference, WEBHOOK);
    expect(await view(reference)).toMatchObject({ status: 'settled', providerTransactionId: 'BP-lost' });
    expect(world.provider.calls.submit).toBe(1);
  });
});
