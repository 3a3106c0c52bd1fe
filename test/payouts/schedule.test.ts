// Scheduled payouts: held at once, sent at their time and not before, whoever rings and whatever fails meanwhile.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { walletBalances } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { cancelPayout } from '../../src/payouts/cancel.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import { addSchedule } from '../../src/pricing/fee-schedule.ts';
import { advance, type Ring } from '../../src/transactions/advance.ts';
import { findTransaction } from '../../src/transactions/find.ts';
import { listTransactions } from '../../src/transactions/list.ts';
import { stumble } from '../../src/transactions/stumble.ts';
import { processorOf } from '../../workers/define-worker.ts';
import { payoutWorker } from '../../workers/payout.ts';
import { sweepOnce } from '../../workers/sweep.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { createWorld, type World } from '../support/world.ts';

const RINGS: readonly Ring[] = [
  { cause: 'worker', actor: 'worker', insists: false },
  { cause: 'webhook', actor: 'webhook:test', insists: true },
  { cause: 'operator', actor: 'operator:jane', insists: true },
  { cause: 'sweep', actor: 'sweep', insists: false },
];
const IN_A_WEEK = new Date(Date.now() + 7 * 86_400_000);
let world: World;
let walletId: string;

beforeEach(async () => {
  world = await createWorld();
  walletId = await world.fund('UGX', 1_000_000n);
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

async function plan(): Promise<string> {
  const of = { ...NEW_PAYOUT, scheduledAt: IN_A_WEEK };
  return JSON.parse((await createPayout(world, world.caller, world.request(), of)).body).id;
}
const view = (id: string) => findTransaction(world, world.merchantId, id);
const row = (id: string) => world.db('transactions').where({ id }).first();
const past = () => world.db.raw("now() - interval '1 minute'");
/** As if its time had come. */
const comes = (id: string) => world.db('transactions').where({ id }).update({ scheduled_at: past(), due_at: past() });
const ringAll = async (id: string) => {
  for (const ring of RINGS) await advance(world, payoutFlow, id, ring);
  await processorOf(world, payoutWorker)({ id: 'job', data: { id } } as never);
};

describe('a scheduled payout', () => {
  it('holds its money at acceptance, rings nobody, and shows its time', async () => {
    const id = await plan();
    expect(await view(id)).toMatchObject({ status: 'accepted', scheduledAt: IN_A_WEEK.toISOString() });
    expect((await walletBalances(world.db, [walletId])).get(walletId)?.heldMinor).toBe(100_000n);
    expect(world.rung).toEqual([]);
    expect(await sweepOnce(world)).toBe(0);
  });

  it('is not sent before its time by any bell, not even where its date was moved to now', async () => {
    const id = await plan();
    await ringAll(id);
    await world.makeDue();
    await ringAll(id);
    expect(world.provider.calls).toMatchObject({ quote: 0, submit: 0 });
    expect(await view(id)).toMatchObject({ status: 'accepted' });
  });

  it('gets no attempt before its time, whatever a process believes', async () => {
    const id = await plan();
    await comes(id);
    // Its time is put back between the reading and the stamp, as by a process whose reading was wrong.
    world.provider.onQuote = (quotation) => quotation;
    const quote = world.provider.quote.bind(world.provider);
    world.provider.quote = async (order) => {
      await world.db('transactions').where({ id }).update({ scheduled_at: IN_A_WEEK });
      return quote(order);
    };
    expect(await advance(world, payoutFlow, id, RINGS[0] as Ring)).toBe('stale');
    expect(world.provider.calls.submit).toBe(0);
    expect(await world.db('attempts')).toEqual([]);
  });

  it('keeps its time when a worker fails on it again and again', async () => {
    const id = await plan();
    for (let n = 0; n < 3; n += 1) await stumble(world, id, new Error('a bug'));
    expect((await row(id)).due_at).toEqual(IN_A_WEEK);
  });

  it('is rung and sent once its time has come, by the database’s clock', async () => {
    const id = await plan();
    await comes(id);
    expect(await sweepOnce(world)).toBe(1);
    expect(await advance(world, payoutFlow, id, RINGS[0] as Ring)).toBe('moved');
    world.provider.rule(id, { status: 'successful' });
    await ringAll(id);
    expect(await view(id)).toMatchObject({ status: 'settled' });
    expect(world.provider.calls.submit).toBe(1);
  });

  it('is cancelled before its time, and then never sent', async () => {
    const id = await plan();
    expect((await cancelPayout(world, world.caller, id)).status).toBe('cancelled');
    expect((await walletBalances(world.db, [walletId])).get(walletId)?.availableMinor).toBe(1_000_000n);
    await world.db('transactions').where({ id }).update({ scheduled_at: past() });
    await ringAll(id);
    expect(world.provider.calls.submit).toBe(0);
  });

  it('is sent at the fee of the day it was accepted, whatever the tariff has become', async () => {
    const id = await plan();
    await addSchedule(world.db, {
      type: 'payout',
      currency: 'UGX',
      basis: 'own',
      flatMinor: 7_000n,
      createdBy: 'test',
    });
    await comes(id);
    await advance(world, payoutFlow, id, RINGS[0] as Ring);
    expect(await view(id)).toMatchObject({ status: 'submitted', fee: '0' });
  });

  it('has its patience from its time on, not from the day it was asked for', async () => {
    const id = await plan();
    await world
      .db('transactions')
      .where({ id })
      .update({ created_at: world.db.raw("now() - interval '300 days'"), scheduled_at: past(), due_at: past() });
    world.provider.wallets = async () => [];
    expect(await advance(world, payoutFlow, id, RINGS[0] as Ring)).toBe('waiting');
    expect((await view(id)).status).toBe('accepted');
  });

  it('is found among the scheduled ones', async () => {
    const id = await plan();
    await createPayout(world, world.caller, world.request(), NEW_PAYOUT);
    const found = async (scheduled: boolean) =>
      (await listTransactions(world, world.merchantId, { scheduled, limit: 10 })).data.map((one) => one.id);
    expect(await found(true)).toEqual([id]);
    expect(await found(false)).toHaveLength(1);
  });
});
