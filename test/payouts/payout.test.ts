// A payout from acceptance to its end, whatever the provider answers.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProviderUnavailable } from '../../src/errors.ts';
import { walletBalances } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { cancelPayout } from '../../src/payouts/cancel.ts';
import { createPayout, type NewPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import { addSchedule } from '../../src/pricing/fee-schedule.ts';
import type { LookUpEnding, ProviderTransaction, SubmitEnding } from '../../src/provider/provider.ts';
import { advance, type Ending, type Ring } from '../../src/transactions/advance.ts';
import { findTransaction } from '../../src/transactions/find.ts';
import { nameStranger } from '../../src/transactions/stranger.ts';
import { executed } from '../support/executed.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { scriptedProvider } from '../support/scripted-provider.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const BELL: Ring = { cause: 'worker', actor: 'worker', insists: false };
const WEBHOOK: Ring = { cause: 'webhook', actor: 'webhook:test', insists: true };
let world: World;
let walletId: string;

beforeEach(async () => {
  world = await createWorld();
  await addSchedule(world.db, {
    type: 'payout',
    currency: 'UGX',
    basis: 'own',
    percentPpm: 10_000,
    flatMinor: 20_000n,
    commissionPpm: 100_000,
    createdBy: 'test',
  });
  walletId = await world.fund('UGX', 1_000_000n);
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

const PAYOUT: NewPayout = { ...NEW_PAYOUT, reference: 'SAL-9', metadata: { k: 'v' } };

async function create(of: Partial<NewPayout> = {}): Promise<string> {
  const answer = await createPayout(world, world.caller, world.request(), { ...PAYOUT, ...of });
  return JSON.parse(answer.body).id;
}
const ring = (id: string, bell: Ring = BELL): Promise<Ending> => advance(world, payoutFlow, id, bell);
const view = (id: string) => findTransaction(world, world.merchantId, id);
const balance = async () => (await walletBalances(world.db, [walletId])).get(walletId);
const executions = (id: string) => world.provider.executed.get(id)?.length ?? 0;
const attempts = (id: string) => world.db('attempts').where({ transaction_id: id }).orderBy('number');
const history = async (id: string) =>
  (await world.db('transaction_history').where({ transaction_id: id }).orderBy('id')).map((row) => row.to_state);
const unknown = (code: Extract<SubmitEnding, { kind: 'unknown' }>['code'] = 'timeout'): SubmitEnding => ({
  kind: 'unknown',
  code,
  message: 'lost',
});

/** Lets time pass and rings, until the state is no longer the given one or the rounds are used up. */
async function pass(id: string, rounds: number, bell = BELL): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await world.makeDue();
    await ring(id, bell);
  }
}

describe('a payout that goes well', () => {
  it('sets amount and fee aside at acceptance, and settles once the provider says so', async () => {
    const id = await create();
    // 1 % of 1000 and 200 flat.
    expect(await view(id)).toMatchObject({
      status: 'accepted',
      amount: '1000',
      fee: '210',
      charge: null,
      accountNumber: '+256712345678',
    });
    expect(await balance()).toEqual({ availableMinor: 879_000n, heldMinor: 121_000n });
    expect(world.rung).toEqual([{ queue: 'payouts', id, generation: 1 }]);

    expect(await ring(id)).toBe('moved');
    expect(await view(id)).toMatchObject({ status: 'submitted' });
    world.provider.rule(id, { status: 'successful' });
    expect(await ring(id, WEBHOOK)).toBe('moved');

    expect(await view(id)).toMatchObject({ status: 'settled', amount: '1000', fee: '210', charge: '500' });
    expect(await balance()).toEqual({ availableMinor: 879_000n, heldMinor: 0n });
    expect(await history(id)).toEqual(['accepted', 'submitting', 'submitted', 'settled']);
    expect(await world.db('earnings').where({ transaction_id: id }).orderBy('kind')).toMatchObject([
      { kind: 'commission', amount_minor: 2_100n },
      { kind: 'service_fee', amount_minor: 18_900n },
    ]);
    expect(world.provider.calls).toEqual({ quote: 1, submit: 1, lookUp: 1 });
  });

  it('does nothing when the bell rings again, before its date or after its end', async () => {
    const id = await create();
    await ring(id);
    expect(await ring(id)).toBe('waiting');
    world.provider.rule(id, { status: 'successful' });
    await ring(id, WEBHOOK);
    expect(await ring(id)).toBe('nothing_to_do');
    expect(world.provider.calls.submit).toBe(1);
  });

  it('is committed as an attempt before a byte of it leaves', async () => {
    const id = await create();
    const seen: unknown[] = [];
    world.provider.onSubmit = async (execute) => {
      // Through another connection, which sees only what has been committed.
      seen.push((await view(id)).status, await attempts(id));
      return { kind: 'accepted', transaction: execute() };
    };
    await ring(id);
    expect(seen).toMatchObject(['submitting', [{ number: 1, verdict: null }]]);
  });

  it('is sent once by ten workers at the same moment', async () => {
    const id = await create();
    const endings = await Promise.all(Array.from({ length: 10 }, () => ring(id)));
    expect(endings.filter((ending) => ending === 'moved')).toHaveLength(1);
    expect(executions(id)).toBe(1);
  });
});

describe('a payout whose answer was lost', () => {
  it('is looked up and adopted, and never sent again', async () => {
    const id = await create();
    world.provider.onSubmit = (execute) => {
      execute();
      return unknown();
    };
    expect(await ring(id)).toBe('waiting');
    expect(await view(id)).toMatchObject({ status: 'submitting' });
    world.provider.rule(id, { status: 'successful' });
    await pass(id, 1);
    expect(await view(id)).toMatchObject({ status: 'settled' });
    expect(executions(id)).toBe(1);
    expect(world.provider.calls.submit).toBe(1);
  });

  it('is not looked up while its sender still has the lease', async () => {
    const id = await create();
    const gate = Promise.withResolvers<SubmitEnding>();
    let execute: (() => ProviderTransaction) | undefined;
    world.provider.onSubmit = (make) => {
      execute = make;
      return gate.promise;
    };
    const sending = ring(id);
    while (execute === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(await ring(id)).toBe('waiting');
    expect(world.provider.calls.lookUp).toBe(0);
    gate.resolve({ kind: 'accepted', transaction: execute() });
    expect(await sending).toBe('moved');
  });

  it('keeps its sender’s lease for as long as the call is open', async () => {
    await world.close();
    world = await createWorld({ env: { LEASE_MS: '1000' } });
    walletId = await world.fund('UGX', 1_000_000n);
    const id = await create();
    const gate = Promise.withResolvers<SubmitEnding>();
    world.provider.onSubmit = () => gate.promise;
    const dueAt = async () => Number((await world.db('transactions').where({ id }).first())?.due_at);
    const sending = ring(id);
    await until(() => world.provider.calls.submit === 1, 'it is being sent');
    const first = await dueAt();
    await until(async () => (await dueAt()) > first, 'the lease was renewed', 3000);
    expect(await ring(id)).toBe('waiting');
    expect(world.provider.calls).toMatchObject({ submit: 1, lookUp: 0 });
    gate.resolve(unknown());
    expect(await sending).toBe('waiting');
  });

  it('is given no second permission by the database while the first is open', async () => {
    const id = await create();
    world.provider.onSubmit = () => unknown();
    await ring(id);
    const second = world.db('attempts').insert({ transaction_id: id, number: 2 });
    await expect(second).rejects.toMatchObject({ constraint: 'attempts_one_open' });
    const guessed = world.db('attempts').update({ verdict: 'not_executed', closed_at: world.db.fn.now() });
    await expect(guessed).rejects.toMatchObject({ constraint: 'silence_needs_evidence' });
  });

  it('is not called failed by what an earlier sending comes back with', async () => {
    const id = await create();
    const [first, second] = [Promise.withResolvers<SubmitEnding>(), Promise.withResolvers<SubmitEnding>()];
    let execute: (() => ProviderTransaction) | undefined;
    world.provider.onSubmit = (make, _, submission) => {
      execute = make;
      return (submission === 1 ? first : second).promise;
    };
    const zombie = ring(id);
    await until(() => world.provider.calls.submit === 1, 'the first is on its way');
    await world.db('attempts').update({ fence_at: world.db.raw("now() - interval '1 minute'") });
    await pass(id, 3);
    expect(await view(id)).toMatchObject({ status: 'accepted' });
    const sending = ring(id);
    await until(() => world.provider.calls.submit === 2, 'the second is on its way');
    first.resolve({ kind: 'refused', code: 'rejected', message: 'the quotation was used up' });
    expect(await zombie).toBe('stale');
    expect(await view(id)).toMatchObject({ status: 'submitting' });
    expect((await balance())?.heldMinor).toBe(121_000n);
    second.resolve({ kind: 'accepted', transaction: (execute as () => ProviderTransaction)() });
    expect(await sending).toBe('moved');
    expect(executions(id)).toBe(1);
  });

  it('keeps the provider’s words without what they say of the person', async () => {
    const id = await create();
    const message = 'Phone +256712345678 of JOHN Okello (john@example.com, account 0123456789) is not registered';
    world.provider.onSubmit = () => ({ kind: 'unknown', code: 'timeout', message });
    await ring(id);
    world.provider.onLookUp = (reference) => ({
      kind: 'found',
      transaction: { ...executed(reference), status: 'failed', reason: message },
    });
    await pass(id, 1);
    expect((await view(id)).failure?.message).toBe('Phone … of … … (…, account …) is not registered');
    for (const table of ['transactions', 'attempts', 'transaction_history', 'cases']) {
      const { rows } = await world.db.raw(`SELECT t::text AS text FROM ${table} t`);
      for (const row of rows) expect(row.text).not.toMatch(/okello|712345678|john|0123456789/i);
    }
  });

  it('is not ended by an answer about an earlier sending', async () => {
    const id = await create();
    const [firstEnding, answer] = [Promise.withResolvers<SubmitEnding>(), Promise.withResolvers<LookUpEnding>()];
    let executed: ProviderTransaction | undefined;
    world.provider.onSubmit = (make, _, submission) => {
      const made = make();
      executed ??= made;
      return submission === 1 ? firstEnding.promise : unknown();
    };
    const sending = ring(id);
    await until(() => world.provider.calls.submit === 1, 'the first is on its way');
    const lookUp = vi.spyOn(world.provider, 'lookUp').mockReturnValueOnce(answer.promise);
    const looking = ring(id, WEBHOOK);
    await until(() => lookUp.mock.calls.length === 1, 'somebody looks meanwhile');
    firstEnding.resolve({ kind: 'not_sent', code: 'rate_limited', message: 'wait', retryAfterMs: null });
    await sending;
    await world.makeDue();
    await ring(id);
    answer.resolve({ kind: 'found', transaction: { ...(executed as ProviderTransaction), status: 'failed' } });
    expect(await looking).toBe('stale');
    expect(await view(id)).toMatchObject({ status: 'submitting' });
    expect((await balance())?.heldMinor).toBe(121_000n);
  });

  it('is not sent again on look-ups that lie too near together', async () => {
    await world.close();
    world = await createWorld({ env: { RESEND_LOOKUP_SPAN_MS: '60000' } });
    walletId = await world.fund('UGX', 1_000_000n);
    const id = await create();
    world.provider.onSubmit = () => unknown();
    await ring(id);
    await world.db('attempts').update({ fence_at: world.db.raw("now() - interval '1 hour'") });
    await pass(id, 6);
    expect(await view(id)).toMatchObject({ status: 'submitting' });
    await world.db('attempts').update({ first_negative_at: world.db.raw("now() - interval '61 seconds'") });
    await pass(id, 1);
    expect(await attempts(id)).toMatchObject([{ verdict: 'not_executed', negatives: 7 }]);
  });

  it('is not sent again before the quotation has expired, however often nothing is found', async () => {
    const id = await create();
    // Executed, and shown only late: whoever took the silence for a proof would pay twice.
    let isShown = false;
    world.provider.onLookUp = () => (isShown ? null : { kind: 'not_found' });
    world.provider.onSubmit = (execute) => {
      execute();
      return unknown('connection_lost');
    };
    await ring(id);
    await pass(id, 8);
    expect(await view(id)).toMatchObject({ status: 'submitting' });
    isShown = true;
    await pass(id, 1);
    expect(await view(id)).toMatchObject({ status: 'submitted' });
    expect(world.provider.calls.submit).toBe(1);
  });

  it('is sent again under the same reference after the stated expiry and three look-ups that found nothing', async () => {
    await world.close();
    world = await createWorld({ provider: scriptedProvider({ quotationTtlMs: 30 }), env: { RESEND_LOOKUPS: '3' } });
    walletId = await world.fund('UGX', 1_000_000n);
    const id = await create();
    world.provider.onSubmit = (execute, _, submission) =>
      submission === 1 ? unknown() : { kind: 'accepted', transaction: execute() };
    await ring(id);
    await world.db('attempts').update({ fence_at: world.db.raw("now() - interval '1 minute'") });
    await pass(id, 2);
    expect(await view(id)).toMatchObject({ status: 'submitting' });
    await pass(id, 1);
    expect(await attempts(id)).toMatchObject([{ verdict: 'not_executed', negatives: 3 }]);
    await pass(id, 1);
    expect(await view(id)).toMatchObject({ status: 'submitted' });
    expect(executions(id)).toBe(1);
    expect(world.provider.calls).toMatchObject({ submit: 2, quote: 2 });
  });

  it.each([
    ['the provider never stated an expiry', {}, false],
    ['the policy forbids sending again', { PAYOUT_RESEND_POLICY: 'never' }, true],
  ])('ends with a person, the money still held, when %s', async (_, env, expiryStated) => {
    await world.close();
    world = await createWorld({ env });
    walletId = await world.fund('UGX', 1_000_000n);
    world.provider.onQuote = (quotation) => ({ ...quotation, expiresAt: new Date(Date.now() - 1000), expiryStated });
    world.provider.onSubmit = () => unknown();
    const id = await create();
    await ring(id);
    await pass(id, 6);
    expect(await view(id)).toMatchObject({ status: 'submitting' });
    await world.db('transactions').update({ created_at: world.db.raw("now() - interval '2 days'") });
    await pass(id, 1);
    expect(await view(id)).toMatchObject({ status: 'in_review' });
    expect(world.provider.calls.submit).toBe(1);
    expect(await world.db('cases').where({ transaction_id: id })).toMatchObject([
      { kind: 'outcome_unknown', resolved_at: null },
    ]);
    expect((await balance())?.heldMinor).toBe(100_000n);

    // The provider's own word, however late, still ends it and answers the case.
    world.provider.onLookUp = () => ({ kind: 'found', transaction: executed(id) });
    await pass(id, 1);
    expect(await view(id)).toMatchObject({ status: 'settled' });
    expect(await world.db('cases').where({ transaction_id: id }).whereNull('resolved_at')).toEqual([]);
  });

  it('proves nothing by look-ups that could not be made', async () => {
    const id = await create();
    world.provider.onSubmit = () => unknown();
    await ring(id);
    await world.db('attempts').update({ fence_at: world.db.raw("now() - interval '1 minute'") });
    world.provider.onLookUp = () => ({ kind: 'unavailable', code: 'server_error', message: '503', retryAfterMs: null });
    await pass(id, 6);
    expect(await attempts(id)).toMatchObject([{ verdict: null, negatives: 0 }]);
    expect(world.provider.calls.submit).toBe(1);
  });

  it('after a 402 is called failed only when look-ups have not found it either', async () => {
    const id = await create();
    world.provider.onSubmit = () => unknown('payment_required');
    await ring(id);
    expect(await view(id)).toMatchObject({ status: 'submitting' });
    await pass(id, 4);
    expect(await view(id)).toMatchObject({ status: 'failed', failure: { code: 'payment_required' } });
    expect((await balance())?.availableMinor).toBe(1_000_000n);
  });

  it('after a 402 that had been executed all the same is adopted', async () => {
    const id = await create();
    world.provider.onSubmit = (execute) => {
      execute();
      return unknown('payment_required');
    };
    await ring(id);
    await pass(id, 1);
    expect(await view(id)).toMatchObject({ status: 'submitted' });
  });
});

describe('a payout that was provably not sent', () => {
  it.each(['unreachable', 'rate_limited', 'quotation_expired', 'unauthenticated', 'too_late'] as const)(
    'goes back to accepted after %s and is sent later',
    async (code) => {
      const id = await create();
      world.provider.onSubmit = () => ({ kind: 'not_sent', code, message: 'no', retryAfterMs: null });
      expect(await ring(id)).toBe('waiting');
      expect(await view(id)).toMatchObject({ status: 'accepted' });
      expect(await attempts(id)).toMatchObject([{ verdict: 'not_sent' }]);
      world.provider.onSubmit = (execute) => ({ kind: 'accepted', transaction: execute() });
      await pass(id, 1);
      expect(await view(id)).toMatchObject({ status: 'submitted' });
      expect(executions(id)).toBe(1);
    },
  );

  it('waits for as long as the provider asks, and a quotation that cannot be had uses no attempt', async () => {
    const id = await create();
    const waitsMs = async () => {
      const wait = world.db.raw('(extract(epoch FROM due_at - now()) * 1000)::int AS ms');
      return Number((await world.db('transactions').where({ id }).select(wait))[0]?.ms);
    };
    const { quote } = world.provider;
    world.provider.quote = () => Promise.reject(new ProviderUnavailable('rate_limited', 'slow down', 90_000));
    expect(await ring(id)).toBe('waiting');
    expect(await waitsMs()).toBeGreaterThan(80_000);
    expect(await attempts(id)).toEqual([]);

    world.provider.quote = quote;
    world.provider.onSubmit = () => ({
      kind: 'not_sent',
      code: 'rate_limited',
      message: 'slow down',
      retryAfterMs: 90_000,
    });
    await pass(id, 1);
    expect(await waitsMs()).toBeGreaterThan(80_000);
    expect(await ring(id)).toBe('waiting');
    expect(world.provider.calls.submit).toBe(1);
  });

  it('is refused by the client when the stamp was committed too long ago', async () => {
    await world.close();
    world = await createWorld({ env: { SEND_WINDOW_MS: '1' } });
    walletId = await world.fund('UGX', 1_000_000n);
    const id = await create();
    const before = world.db.client.acquireConnection;
    let waited = false;
    world.db.client.acquireConnection = async function (this: unknown) {
      const until = performance.now() + 5;
      if (!waited) waited = true;
      while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
      return before.call(this);
    };
    await ring(id);
    world.db.client.acquireConnection = before;
    expect(executions(id)).toBe(0);
    expect(await view(id)).toMatchObject({ status: 'accepted' });
  });
});

describe('a payout that ends otherwise', () => {
  it('gives the hold back when the provider refuses it', async () => {
    const id = await create();
    world.provider.onSubmit = () => ({ kind: 'refused', code: 'invalid_recipient', message: 'no such number' });
    await ring(id);
    expect(await view(id)).toMatchObject({
      status: 'failed',
      failure: { code: 'invalid_recipient', message: 'no such number' },
    });
    expect(await balance()).toEqual({ availableMinor: 1_000_000n, heldMinor: 0n });
  });

  it('gives the hold back when the provider reports failure', async () => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'failed', reason: 'Recipient limit', isRefunded: true });
    await pass(id, 1);
    expect(await view(id)).toMatchObject({
      status: 'failed',
      failure: { code: 'provider_failed', message: 'Recipient limit' },
    });
    expect(await balance()).toEqual({ availableMinor: 1_000_000n, heldMinor: 0n });
  });

  it('can be cancelled before it is sent, once, and not afterwards', async () => {
    const id = await create();
    expect(await cancelPayout(world, world.caller, id)).toMatchObject({ status: 'cancelled' });
    expect(await cancelPayout(world, world.caller, id)).toMatchObject({ status: 'cancelled' });
    expect(await ring(id)).toBe('nothing_to_do');
    expect(await balance()).toEqual({ availableMinor: 1_000_000n, heldMinor: 0n });

    const sent = await create();
    await ring(sent);
    await expect(cancelPayout(world, world.caller, sent)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('is not sent when it was cancelled while it was being priced', async () => {
    const id = await create();
    const { quote } = world.provider;
    world.provider.quote = async (order) => {
      await cancelPayout(world, world.caller, id);
      return quote(order);
    };
    expect(await ring(id)).toBe('stale');
    expect(await view(id)).toMatchObject({ status: 'cancelled' });
    expect(world.provider.calls).toMatchObject({ quote: 1, submit: 0 });
    expect(await balance()).toEqual({ availableMinor: 1_000_000n, heldMinor: 0n });
  });

  it('is either cancelled or sent when both are tried at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await create({ amountMinor: 10_000n });
      const [cancelled] = await Promise.allSettled([cancelPayout(world, world.caller, id), ring(id)]);
      expect(executions(id)).toBe(cancelled.status === 'fulfilled' ? 0 : 1);
    }
  });

  it('settles late, from what is available, when a failed one succeeded after all', async () => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'failed' });
    await ring(id, WEBHOOK);
    expect((await balance())?.availableMinor).toBe(1_000_000n);
    world.provider.rule(id, { status: 'successful' });
    await ring(id, WEBHOOK);
    expect(await view(id)).toMatchObject({ status: 'settled', failure: null });
    expect(await balance()).toEqual({ availableMinor: 879_000n, heldMinor: 0n });
    expect(await world.db('cases').where({ transaction_id: id }).orderBy('kind')).toMatchObject([
      { kind: 'late_success' },
    ]);
  });

  it('is not settled by an operation that waits in suspense already, under a case of its own', async () => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'failed' });
    await ring(id, WEBHOOK);
    const found = executed(id, { providerTransactionId: 'BPother' });
    await nameStranger(world, { found, kind: 'unknown_operation', actor: 'test', evidence: {} });
    world.provider.onLookUp = () => ({ kind: 'found', transaction: found });
    expect(await ring(id, WEBHOOK)).toBe('nothing_to_do');
    expect(await view(id)).toMatchObject({ status: 'failed' });
    // What left the provider's wallet, amount and charge, is booked once.
    expect(await world.db('postings').where({ account_id: 'provider:UGX' }).pluck('amount')).toEqual([150_000n]);
  });

  it('books going and coming back when a failed one succeeded and was returned before anybody looked', async () => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'failed' });
    await ring(id, WEBHOOK);
    world.provider.rule(id, { status: 'successful', isRefunded: true });
    await ring(id, WEBHOOK);
    expect(await view(id)).toMatchObject({ status: 'reversed' });
    expect(await history(id)).toEqual(['accepted', 'submitting', 'submitted', 'failed', 'settled', 'reversed']);
    expect(await balance()).toEqual({ availableMinor: 1_000_000n, heldMinor: 0n });
    const opened = await world.db('cases').where({ transaction_id: id }).orderBy('kind');
    expect(opened.map(({ kind }) => kind)).toEqual(['late_success', 'returned']);
  });

  it('opens a case for what a late success could not take from the wallet', async () => {
    const id = await create({ amountMinor: 600_000n });
    await ring(id);
    world.provider.rule(id, { status: 'failed' });
    await ring(id, WEBHOOK);
    await create({ amountMinor: 700_000n });
    world.provider.rule(id, { status: 'successful' });
    await ring(id, WEBHOOK);
    // 1,000,000 less 727,000 held leaves 273,000 of the 626,000 that went out.
    expect(await balance()).toEqual({ availableMinor: 0n, heldMinor: 727_000n });
    expect(await world.db('cases').where({ transaction_id: id, kind: 'shortfall' })).toMatchObject([
      { amount_minor: 353_000n },
    ]);
  });

  it('gives amount and fee back when the provider returns a settled payout, once', async () => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'successful' });
    await ring(id, WEBHOOK);
    world.provider.rule(id, { isRefunded: true });
    expect(await ring(id, WEBHOOK)).toBe('moved');
    expect(await ring(id, WEBHOOK)).toBe('nothing_to_do');
    expect(await view(id)).toMatchObject({ status: 'reversed' });
    expect(await balance()).toEqual({ availableMinor: 1_000_000n, heldMinor: 0n });
    const [sums] = await world.db('earnings').sum({ total: 'amount_minor' });
    expect(sums?.['total']).toBe('0');
  });

  it.each([
    ['amount', { amountMinor: 99_000n }, 'suspense:UGX'],
    ['currency', { currency: 'KES' }, 'suspense:KES'],
  ])('waits in suspense and in review when another %s was moved than asked', async (_, moved, account) => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'successful', ...moved });
    await ring(id, WEBHOOK);
    await pass(id, 2);
    expect(await view(id)).toMatchObject({ status: 'in_review' });
    const { amountMinor } = { amountMinor: 100_000n, ...moved };
    expect(await world.db('cases').where({ transaction_id: id })).toMatchObject([
      { kind: 'amount_mismatch', amount_minor: amountMinor },
    ]);
    expect(await world.db('postings').where({ account_id: account })).toMatchObject([{ amount: -amountMinor }]);
    expect((await balance())?.heldMinor).toBe(121_000n);
  });

  it('keeps its end, with one case, when the provider contradicts itself', async () => {
    const [settled, failed] = [await create(), await create({ amountMinor: 10_000n })];
    for (const [id, status] of [
      [settled, 'successful'],
      [failed, 'failed'],
    ] as const) {
      await ring(id);
      world.provider.rule(id, { status });
      await ring(id, WEBHOOK);
    }
    const before = await balance();
    world.provider.rule(settled, { status: 'failed' });
    world.provider.rule(failed, { status: 'successful', amountMinor: 9_000n });
    for (const id of [settled, failed, settled, failed]) expect(await ring(id, WEBHOOK)).toBe('waiting');
    expect([(await view(settled)).status, (await view(failed)).status]).toEqual(['settled', 'failed']);
    expect(await world.db('cases').where({ kind: 'contradiction' }).pluck('transaction_id')).toEqual([settled, failed]);
    expect(await balance()).toEqual(before);
  });

  it('has another amount booked once also when a person had been asked about it before, by whoever looks', async () => {
    await world.close();
    world = await createWorld({ env: { PAYOUT_PATIENCE_MS: '1' } });
    walletId = await world.fund('UGX', 1_000_000n);
    const id = await create();
    await ring(id);
    await pass(id, 2);
    expect(await view(id)).toMatchObject({ status: 'in_review' });
    world.provider.rule(id, { status: 'successful', amountMinor: 99_000n });
    await Promise.all([ring(id, WEBHOOK), ring(id, WEBHOOK), ring(id, WEBHOOK)]);
    await ring(id, WEBHOOK);
    expect(await world.db('postings').where({ account_id: 'suspense:UGX' })).toMatchObject([{ amount: -99_000n }]);
    const opened = await world.db('cases').where({ transaction_id: id }).orderBy('kind');
    expect(opened.map(({ kind }) => kind)).toEqual(['amount_mismatch', 'no_final_answer']);
  });
});

describe('a payout given by its destination amount', () => {
  const DESTINATION: Partial<NewPayout> = {
    amountType: 'destination',
    destinationCurrency: 'KES',
    country: 'KE',
    amountMinor: 50_000n,
  };

  it('holds the maximum and the highest fee, and releases what was not needed', async () => {
    const id = await create({ ...DESTINATION, maxAmountMinor: 200_000n });
    expect(await view(id)).toMatchObject({ amount: null, fee: null, destinationAmount: '500' });
    expect((await balance())?.heldMinor).toBe(222_000n);
    await ring(id);
    world.provider.rule(id, { status: 'successful' });
    await ring(id, WEBHOOK);
    expect(await view(id)).toMatchObject({ status: 'settled', amount: '1000', fee: '210' });
    expect(await balance()).toEqual({ availableMinor: 879_000n, heldMinor: 0n });
  });

  it('fails before anything is sent when the quotation is above the maximum', async () => {
    const id = await create({ ...DESTINATION, maxAmountMinor: 99_900n });
    await ring(id);
    expect(await view(id)).toMatchObject({ status: 'failed', failure: { code: 'amount_above_maximum' } });
    expect(world.provider.calls.submit).toBe(0);
    expect((await balance())?.availableMinor).toBe(1_000_000n);
  });
});

describe('a payout whose quotation differs from its promise', () => {
  it('fails before anything is sent when the quotation asks for more than was set aside', async () => {
    const id = await create();
    world.provider.onQuote = (quotation) => ({ ...quotation, sourceAmountMinor: 100_001n });
    await ring(id);
    expect(await view(id)).toMatchObject({ status: 'failed', failure: { code: 'hold_exceeded' } });
    expect(world.provider.calls.submit).toBe(0);
    expect(await balance()).toEqual({ availableMinor: 1_000_000n, heldMinor: 0n });
  });
});

describe('a payout priced as cost-plus', () => {
  beforeEach(async () => {
    await addSchedule(world.db, {
      type: 'payout',
      currency: 'UGX',
      method: 'momo',
      basis: 'cost_plus',
      percentPpm: 10_000,
      ceilingMinor: 100_000n,
      createdBy: 'test',
    });
  });

  it('holds the ceiling and charges what the quotation and our part come to', async () => {
    const id = await create();
    expect((await balance())?.heldMinor).toBe(200_000n);
    await ring(id);
    world.provider.rule(id, { status: 'successful' });
    await ring(id, WEBHOOK);
    expect(await view(id)).toMatchObject({ status: 'settled', fee: '510', charge: '500' });
    expect(await balance()).toEqual({ availableMinor: 849_000n, heldMinor: 0n });
  });

  it('fails before anything is sent when it would cost more than the caller accepts', async () => {
    const id = await create({ maxFeeMinor: 50_900n });
    await ring(id);
    expect(await view(id)).toMatchObject({ status: 'failed', failure: { code: 'fee_above_maximum' } });
    expect(world.provider.calls.submit).toBe(0);
  });
});

describe('a payout in the hands of a worker whose clock is wrong', () => {
  const DAY_MS = 86_400_000;
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['ahead', DAY_MS],
    ['behind', -DAY_MS],
  ])('by a day %s is sent neither early nor late, and proves nothing before its time', async (_, wrongMs) => {
    const inAnHour = new Date(Date.now() + DAY_MS / 24);
    const [now, later] = [await create(), await create({ scheduledAt: inAnHour })];
    world.provider.onQuote = (quotation) => ({ ...quotation, expiresAt: inAnHour });
    world.provider.onSubmit = () => unknown();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + wrongMs });
    expect(await ring(later)).toBe('waiting');
    expect(await ring(now)).toBe('waiting');
    expect(world.provider.calls).toMatchObject({ quote: 1, submit: 1 });
    await world
      .db('transactions')
      .where({ id: now })
      .update({ due_at: world.db.raw('now()') });
    for (let round = 0; round < 5; round += 1) await ring(now, WEBHOOK);
    expect(await view(now)).toMatchObject({ status: 'submitting' });
    expect(await attempts(now)).toMatchObject([{ look_ups: 5, negatives: 0 }]);
    await world.db('attempts').update({ fence_at: world.db.raw("now() - interval '1 minute'") });
    for (let round = 0; round < 3; round += 1) await ring(now, WEBHOOK);
    expect(await view(now)).toMatchObject({ status: 'accepted' });
  });
});

describe('a payout that cannot be funded at the provider', () => {
  it('waits, and goes to a person when patience is spent', async () => {
    await world.close();
    world = await createWorld({ env: { PAYOUT_PATIENCE_MS: '1', PROVIDER_BALANCE_TTL_MS: '1' } });
    walletId = await world.fund('UGX', 1_000_000n);
    world.provider.wallets = async () => [{ currency: 'UGX', balanceMinor: 100n, enabled: true }];
    const id = await create();
    await pass(id, 2);
    expect(await view(id)).toMatchObject({ status: 'in_review' });
    expect(world.provider.calls.submit).toBe(0);
    expect(await world.db('cases').where({ transaction_id: id })).toMatchObject([{ kind: 'not_executable' }]);
  });
});
