// Refunds: back to the payer, from the wallet that was credited, and never more than was collected, however many race.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectionFlow } from '../../src/collections/flow.ts';
import { inTransaction } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { lockAvailable, walletBalances } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { setApprovalLimit } from '../../src/merchants/approval-limit.ts';
import { openPerson } from '../../src/merchants/person.ts';
import { cancelPayout } from '../../src/payouts/cancel.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import { findRefundable, type NewRefund, refundCollection } from '../../src/payouts/refund.ts';
import { addSchedule } from '../../src/pricing/fee-schedule.ts';
import { advance, type Ring } from '../../src/transactions/advance.ts';
import { findTransaction } from '../../src/transactions/find.ts';
import { listTransactions } from '../../src/transactions/list.ts';
import { settledCollection } from '../support/settled-collection.ts';
import { untilWaiting } from '../support/waiting.ts';
import { createWorld, type World } from '../support/world.ts';

const BELL: Ring = { cause: 'worker', actor: 'worker', insists: false };
const WEBHOOK: Ring = { cause: 'webhook', actor: 'webhook:test', insists: true };
let world: World;

beforeEach(async () => {
  world = await createWorld();
  await world.fund('UGX', 100_000_000n);
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

const NEW_REFUND: NewRefund = { amountMinor: null, maxFeeMinor: null, reference: null, metadata: {} };
async function refund(id: string, of: Partial<NewRefund> = {}, on = world) {
  const collection = await findRefundable(on, on.merchantId, id);
  const request = on.request({ route: 'POST /v1/collections/{id}/refunds' });
  return JSON.parse((await refundCollection(on, on.caller, request, { ...NEW_REFUND, ...of, collection })).body);
}
const view = (id: string) => findTransaction(world, world.merchantId, id);
const available = async (walletId: string) => (await walletBalances(world.db, [walletId])).get(walletId);
/** What all refunds of a collection that were not given up come to. */
const refunded = async (id: string) => {
  const rows = await world.db('transactions').where({ refund_of: id }).whereNotIn('state', ['failed', 'cancelled']);
  return rows.reduce((sum: bigint, row) => sum + row.amount_minor, 0n);
};
const EXCEEDS = { code: 'refund_exceeds_collection', status: 422 };

describe('a refund', () => {
  it('pays the payer back from the wallet that was credited, at the fee of a payout, and names its collection', async () => {
    await addSchedule(world.db, {
      type: 'payout',
      currency: 'UGX',
      basis: 'own',
      flatMinor: 3_000n,
      createdBy: 'test',
    });
    await world.fund('UGX', 3_000n, 'customer-42');
    const id = await settledCollection(world, { owner: 'customer-42', customer: { name: 'Ada N. Example' } });
    const { walletId } = await view(id);
    const payout = await refund(id, { reference: 'RET-1' });
    expect(payout).toMatchObject({
      type: 'payout',
      status: 'accepted',
      refundOf: id,
      amount: '2000',
      currency: 'UGX',
      fee: '30',
      country: 'UG',
      method: 'momo',
      accountNumber: '+256712345678',
      walletId,
      owner: 'customer-42',
      reference: 'RET-1',
    });
    expect(await available(walletId)).toEqual({ availableMinor: 0n, heldMinor: 203_000n });
    const { sealed } = await world.db('personal_data').where({ subject_id: payout.id }).first();
    expect(openPerson(world.vault, sealed)).toEqual({
      firstName: 'Ada',
      lastName: 'N. Example',
      phone: '+256712345678',
    });
    await advance(world, payoutFlow, payout.id, BELL);
    world.provider.rule(payout.id, { status: 'successful' });
    await advance(world, payoutFlow, payout.id, WEBHOOK);
    expect(await view(payout.id)).toMatchObject({ status: 'settled', refundOf: id });
    expect((await view(id)).status).toBe('settled');
    const { data } = await listTransactions(world, world.merchantId, { refundOf: id, limit: 10 });
    expect(data.map((one) => one.id)).toEqual([payout.id]);
  });

  it('of a part leaves the rest, and one without an amount takes whatever is left', async () => {
    const id = await settledCollection(world);
    expect((await refund(id, { amountMinor: 50_000n })).amount).toBe('500');
    await expect(refund(id, { amountMinor: 150_100n })).rejects.toMatchObject(EXCEEDS);
    expect((await refund(id)).amount).toBe('1500');
    await expect(refund(id)).rejects.toMatchObject(EXCEEDS);
    await expect(refund(id, { amountMinor: 100n })).rejects.toMatchObject(EXCEEDS);
    expect(await refunded(id)).toBe(200_000n);
  });

  it('that failed, was cancelled or came back makes its amount free again', async () => {
    const id = await settledCollection(world);
    await cancelPayout(world, world.caller, (await refund(id)).id);
    world.provider.onSubmit = () => ({ kind: 'refused', code: 'rejected', message: 'no' });
    const failing = await refund(id);
    await advance(world, payoutFlow, failing.id, BELL);
    expect((await view(failing.id)).status).toBe('failed');
    world.provider.onSubmit = (make) => ({ kind: 'accepted', transaction: make() });
    const returned = await refund(id);
    await advance(world, payoutFlow, returned.id, BELL);
    world.provider.rule(returned.id, { status: 'successful' });
    await advance(world, payoutFlow, returned.id, WEBHOOK);
    await expect(refund(id)).rejects.toMatchObject(EXCEEDS);
    world.provider.rule(returned.id, { isRefunded: true });
    await advance(world, payoutFlow, returned.id, WEBHOOK);
    expect((await view(returned.id)).status).toBe('reversed');
    expect((await refund(id)).status).toBe('accepted');
  });

  it('names somebody where the payer’s name is unknown: the phone decides who is paid', async () => {
    const names = async (customer: { name?: string } | null) => {
      const { id } = await refund(await settledCollection(world, { customer }));
      const { sealed } = await world.db('personal_data').where({ subject_id: id }).first();
      const { firstName, lastName } = openPerson(world.vault, sealed) ?? {};
      return [firstName, lastName];
    };
    expect(await names(null)).toEqual(['Mobile', 'Customer']);
    expect(await names({ name: 'Ada' })).toEqual(['Ada', 'Ada']);
  });

  it('is only for a collection of one’s own that is settled, whose payer is known', async () => {
    const id = await settledCollection(world);
    const stranger = { ...world, merchantId: newId('merchant') };
    await expect(findRefundable(stranger, stranger.merchantId, id)).rejects.toMatchObject({ status: 404 });
    await world
      .db('personal_data')
      .where({ subject_id: id })
      .update({ sealed: null, account_hash: null, last_four_hash: null, erased_at: new Date() });
    await expect(refund(id)).rejects.toMatchObject({ code: 'payer_erased', status: 422 });
    const open = await settledCollection(world);
    const collection = await findRefundable(world, world.merchantId, open);
    world.provider.rule(open, { isRefunded: true });
    await advance(world, collectionFlow, open, WEBHOOK);
    expect((await view(open)).status).toBe('reversed');
    await expect(refund(open)).rejects.toMatchObject({ code: 'conflict', status: 409 });
    // The same where it was reversed between our look at it and the acceptance.
    const late = refundCollection(world, world.caller, world.request(), { ...NEW_REFUND, collection });
    await expect(late).rejects.toMatchObject({ code: 'conflict', status: 409 });
  });

  it('is not sent any more once its collection went back to the payer by itself', async () => {
    const id = await settledCollection(world);
    const { merchantId } = world;
    const waiting = await refund(id);
    world.provider.rule(id, { isRefunded: true });
    await advance(world, collectionFlow, id, WEBHOOK);
    expect((await findTransaction(world, merchantId, id)).status).toBe('reversed');
    await advance(world, payoutFlow, waiting.id, BELL);
    expect(world.provider.executed.get(waiting.id)).toBeUndefined();
    expect(await view(waiting.id)).toMatchObject({ status: 'failed', failure: { code: 'collection_reversed' } });
  });

  it('awaits approval above its merchant’s limit, like any payout', async () => {
    const id = await settledCollection(world);
    const { merchantId } = world;
    await inTransaction(world.db, (trx) =>
      setApprovalLimit(trx, { merchantId, currency: 'UGX', aboveMinor: 100_000n, dailyAboveMinor: null }),
    );
    expect((await refund(id)).status).toBe('awaiting_approval');
    await expect(refund(id)).rejects.toMatchObject(EXCEEDS);
  });
});

describe('refunds that race', () => {
  it('come to no more than was collected, all together', async () => {
    const id = await settledCollection(world);
    const ends = await Promise.allSettled(Array.from({ length: 64 }, () => refund(id, { amountMinor: 30_000n })));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject(EXCEEDS);
    expect(await refunded(id)).toBe(180_000n);
  });

  it('are judged one after the other by many processes, even while the wallet is waited for', async () => {
    const id = await settledCollection(world);
    const { walletId } = await view(id);
    // All have been judged, or wait to be, before any may take the money.
    const holder = await world.db.transaction();
    await lockAvailable(holder, walletId);
    const refunding = Promise.allSettled(
      Array.from({ length: 3 }, () => refund(id, { amountMinor: 80_000n }, { ...world })),
    );
    await untilWaiting(world.db, 3);
    await holder.commit();
    expect((await refunding).filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await refunded(id)).toBe(160_000n);
  });

  it('wait for a return that is being booked, and are refused when it is', async () => {
    const id = await settledCollection(world);
    const collection = await findRefundable(world, world.merchantId, id);
    const { walletId } = await view(id);
    world.provider.rule(id, { isRefunded: true });
    const holder = await world.db.transaction();
    await lockAvailable(holder, walletId);
    const returning = advance(world, collectionFlow, id, WEBHOOK);
    await untilWaiting(world.db, 1);
    const refunding = refundCollection(world, world.caller, world.request(), { ...NEW_REFUND, collection });
    const refused = expect(refunding).rejects.toMatchObject({ code: 'conflict', status: 409 });
    await untilWaiting(world.db, 2);
    await holder.commit();
    expect(await returning).toBe('moved');
    await refused;
    expect(await refunded(id)).toBe(0n);
  });
});
