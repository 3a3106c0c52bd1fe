// A collection from acceptance to its end: the payer is prompted once, and what came in is booked once.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCollection, type NewCollection } from '../../src/collections/create.ts';
import { collectionFlow } from '../../src/collections/flow.ts';
import { inTransaction } from '../../src/db/knex.ts';
import { walletBalances } from '../../src/ledger/balances.ts';
import { entry } from '../../src/ledger/journal.ts';
import { availableAccount, systemAccount } from '../../src/ledger/ledger-account.ts';
import { post } from '../../src/ledger/post.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { addSchedule } from '../../src/pricing/fee-schedule.ts';
import type { SubmitEnding } from '../../src/provider/provider.ts';
import { advance, type Ring } from '../../src/transactions/advance.ts';
import { findTransaction } from '../../src/transactions/find.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const BELL: Ring = { cause: 'worker', actor: 'worker', insists: false };
const WEBHOOK: Ring = { cause: 'webhook', actor: 'webhook:test', insists: true };
const UNKNOWN: SubmitEnding = { kind: 'unknown', code: 'timeout', message: 'lost' };
let world: World;

async function renew(env: Record<string, string> = {}): Promise<void> {
  world = await createWorld({ env });
  await addSchedule(world.db, {
    type: 'collection',
    currency: 'UGX',
    basis: 'own',
    percentPpm: 15_000,
    minimumMinor: 5_000n,
    commissionPpm: 200_000,
    createdBy: 'test',
  });
}
beforeEach(() => renew());
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

const COLLECTION: NewCollection = {
  amountMinor: 1_000_000n,
  currency: 'UGX',
  country: 'UG',
  phone: '+256712345678',
  owner: 'customer-42',
  otp: { pinId: 'VE0a1b2c3d', pin: '123456' },
  customer: { email: 'a@example.com' },
  redirectUrl: null,
  reference: null,
  metadata: {},
};

async function create(of: Partial<NewCollection> = {}): Promise<string> {
  const request = world.request({ route: 'POST /v1/collections' });
  return JSON.parse((await createCollection(world, world.caller, request, { ...COLLECTION, ...of })).body).id;
}
const ring = (id: string, bell: Ring = BELL) => advance(world, collectionFlow, id, bell);
const view = (id: string) => findTransaction(world, world.merchantId, id);
const available = async (id: string) => {
  const { walletId } = await view(id);
  return (await walletBalances(world.db, [walletId])).get(walletId)?.availableMinor;
};
const otpOf = async (id: string) => (await world.db('personal_data').where({ subject_id: id }).first())?.otp_sealed;
async function pass(id: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await world.makeDue();
    await ring(id);
  }
}

describe('a collection', () => {
  it('credits the owner with the amount less the fee, once, when the provider says it is paid', async () => {
    const id = await create();
    expect(await view(id)).toMatchObject({
      status: 'accepted',
      amount: '10000',
      fee: '150',
      owner: 'customer-42',
      accountNumber: '+256712345678',
    });
    await ring(id);
    expect(await available(id)).toBe(0n);
    world.provider.rule(id, { status: 'successful' });
    await Promise.all([ring(id, WEBHOOK), ring(id, WEBHOOK), ring(id, WEBHOOK)]);
    expect(await view(id)).toMatchObject({ status: 'settled', charge: '0' });
    expect(await available(id)).toBe(985_000n);
    expect(await world.db('earnings').where({ transaction_id: id }).orderBy('kind')).toMatchObject([
      { kind: 'commission', amount_minor: 3_000n },
      { kind: 'service_fee', amount_minor: 12_000n },
    ]);
  });

  it('books the provider’s charge as our cost when the merchant’s side bears it', async () => {
    await world.close();
    await renew({ COLLECTION_CHARGE_PAYER: 'merchant' });
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'successful' });
    await ring(id, WEBHOOK);
    expect(await view(id)).toMatchObject({ status: 'settled', charge: '30' });
    const postings = await world
      .db('postings')
      .join('journal_entries', 'journal_entries.id', 'entry_id')
      .where({ transaction_id: id });
    expect(postings.find((row) => row.account_id === 'provider:UGX')?.amount).toBe(-997_000n);
  });

  it('keeps the pin sealed until the payer has been prompted, and not a moment longer', async () => {
    const id = await create();
    expect(JSON.stringify((await otpOf(id)).toString('latin1'))).not.toContain('123456');
    await ring(id);
    expect(await otpOf(id)).toBeNull();
  });

  it('fails with otp_invalid on a wrong pin, and forgets the pin', async () => {
    const id = await create();
    world.provider.onSubmit = () => ({ kind: 'refused', code: 'otp_invalid', message: 'Invalid OTP' });
    await ring(id);
    expect(await view(id)).toMatchObject({ status: 'failed', failure: { code: 'otp_invalid' } });
    expect(await otpOf(id)).toBeNull();
  });

  it('credits nothing when the payer declines', async () => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'failed', reason: 'Payer declined' });
    await pass(id, 1);
    expect(await view(id)).toMatchObject({ status: 'failed', failure: { message: 'Payer declined' } });
    expect(await available(id)).toBe(0n);
  });

  it('is settled by polling alone when no webhook ever comes', async () => {
    const id = await create();
    await ring(id);
    await pass(id, 2);
    expect(await view(id)).toMatchObject({ status: 'submitted' });
    world.provider.rule(id, { status: 'successful' });
    await pass(id, 1);
    expect(await view(id)).toMatchObject({ status: 'settled' });
  });

  it('never prompts the payer again while the first prompt may still be approved', async () => {
    const id = await create();
    world.provider.onSubmit = () => UNKNOWN;
    await ring(id);
    await pass(id, 6);
    expect(world.provider.calls.submit).toBe(1);
    expect(await view(id)).toMatchObject({ status: 'submitting' });
  });

  it('prompts once more after the payer’s window and three look-ups, and then never again', async () => {
    await world.close();
    await renew({ COLLECTION_RESEND_AFTER_MS: '1', SEND_WINDOW_MS: '2000', PROVIDER_TIMEOUT_MS: '3000' });
    const id = await create();
    world.provider.onSubmit = () => UNKNOWN;
    await ring(id);
    // Never while the first prompt may still be on its way.
    const [attempt] = await world.db('attempts');
    expect(attempt?.fence_at - attempt?.opened_at).toBe(5000);
    const passFences = () =>
      world
        .db('attempts')
        .whereNull('verdict')
        .whereNotNull('fence_at')
        .update({ fence_at: world.db.raw('now()') });
    await passFences();
    await pass(id, 3);
    expect(await view(id)).toMatchObject({ status: 'accepted' });
    await pass(id, 1);
    expect(world.provider.calls.submit).toBe(2);
    // However much time passes and however often nothing is found.
    await passFences();
    await pass(id, 8);
    expect(world.provider.calls.submit).toBe(2);
    expect(await view(id)).toMatchObject({ status: 'submitting' });
    await world.db('transactions').update({ created_at: world.db.raw("now() - interval '2 days'") });
    await pass(id, 1);
    expect(await view(id)).toMatchObject({ status: 'in_review' });
    expect(world.provider.calls.submit).toBe(2);
  });

  it('is credited late, with a case, when it was paid after having been called failed', async () => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'failed' });
    await ring(id, WEBHOOK);
    world.provider.rule(id, { status: 'successful' });
    await ring(id, WEBHOOK);
    expect(await view(id)).toMatchObject({ status: 'settled', failure: null });
    expect(await available(id)).toBe(985_000n);
    expect(await world.db('cases').where({ transaction_id: id })).toMatchObject([{ kind: 'late_success' }]);
  });

  it.each([
    ['amount', { amountMinor: 400_000n }, 'suspense:UGX'],
    ['currency', { currency: 'KES' }, 'suspense:KES'],
  ])('puts another %s than asked into suspense and credits nobody', async (_, paid, account) => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'successful', ...paid });
    await ring(id, WEBHOOK);
    await pass(id, 2);
    expect(await view(id)).toMatchObject({ status: 'in_review' });
    expect(await available(id)).toBe(0n);
    const { amountMinor } = { amountMinor: 1_000_000n, ...paid };
    expect(await world.db('postings').where({ account_id: account })).toMatchObject([{ amount: amountMinor }]);
    expect(await world.db('cases').where({ transaction_id: id })).toMatchObject([{ kind: 'amount_mismatch' }]);
  });

  it('is credited once when the provider’s word comes before its own answer has been stored', async () => {
    const id = await create();
    const gate = Promise.withResolvers<void>();
    world.provider.onSubmit = async (execute) => {
      const transaction = execute();
      await gate.promise;
      return { kind: 'accepted', transaction };
    };
    const sending = ring(id);
    await until(() => world.provider.executed.has(id), 'the payer was prompted');
    world.provider.rule(id, { status: 'successful' });
    expect(await ring(id, WEBHOOK)).toBe('moved');
    expect(await available(id)).toBe(985_000n);
    gate.resolve();
    expect(await sending).toBe('stale');
    await ring(id, WEBHOOK);
    expect(await view(id)).toMatchObject({ status: 'settled' });
    expect(await available(id)).toBe(985_000n);
    expect(await otpOf(id)).toBeNull();
  });

  it('takes a return out of the wallet as far as it covers, the rest receivable with a case', async () => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'successful' });
    await ring(id, WEBHOOK);
    const { walletId } = await view(id);
    await inTransaction(world.db, (trx) =>
      post(trx, [
        entry({
          reference: 'spent',
          kind: 'spend',
          currency: 'UGX',
          actor: 'test',
          moves: [{ from: availableAccount(walletId), to: systemAccount('capital', 'UGX'), amountMinor: 900_000n }],
        }),
      ]),
    );
    world.provider.rule(id, { isRefunded: true });
    await ring(id, WEBHOOK);
    expect(await view(id)).toMatchObject({ status: 'reversed' });
    expect(await available(id)).toBe(0n);
    expect(await world.db('cases').where({ transaction_id: id }).orderBy('kind')).toMatchObject([
      { kind: 'returned' },
      { kind: 'shortfall', amount_minor: 900_000n },
    ]);
  });

  it('of a payer who pays another at the same time ends by its own reference', async () => {
    const [one, other] = [await create(), await create()];
    await Promise.all([ring(one), ring(other)]);
    world.provider.rule(one, { status: 'successful' });
    await Promise.all([ring(one, WEBHOOK), ring(other, WEBHOOK)]);
    expect([(await view(one)).status, (await view(other)).status]).toEqual(['settled', 'submitted']);
    expect(await available(one)).toBe(985_000n);
  });

  it('is refused when its fee would use up the amount', async () => {
    await expect(create({ amountMinor: 5_000n })).rejects.toMatchObject({ code: 'fee_exceeds_amount' });
    expect(await world.db('transactions')).toEqual([]);
  });
});
