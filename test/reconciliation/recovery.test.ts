// The recovery switch and its run, one rule at a time; test/scenarios/recovery.test.ts restores a real backup.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../src/ids.ts';
import { trialBalance } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { setApprovalLimit } from '../../src/merchants/approval-limit.ts';
import { cancelPayout } from '../../src/payouts/cancel.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import type { ProviderTransaction } from '../../src/provider/provider.ts';
import { runRecovery } from '../../src/reconciliation/recover.ts';
import { beginRecovery, finishRecovery, openRecovery } from '../../src/reconciliation/recovery.ts';
import { checkReturns } from '../../src/reconciliation/returns.ts';
import { advance } from '../../src/transactions/advance.ts';
import { flows } from '../../workers/webhook.ts';
import { executed } from '../support/executed.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { createWorld, type World } from '../support/world.ts';

const ME = { actor: 'operator:test', clientAddress: null, reason: 'restored' };
let world: World;
beforeEach(async () => {
  world = await createWorld();
  await world.fund('UGX', 10_000_000n);
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

async function create(): Promise<string> {
  const answer = await createPayout(world, world.caller, world.request(), NEW_PAYOUT);
  return JSON.parse(answer.body).id;
}
const ring = (id: string) => advance(world, payoutFlow, id, { cause: 'worker', actor: 'worker', insists: false });
const begin = () => beginRecovery(world.db, ME);
const run = () => runRecovery(world, flows, ME);
const stateOf = async (id: string) => (await world.db('transactions').where({ id }).first()).state;
const openCases = () => world.db('cases').whereNull('resolved_at');
const suspense = async () =>
  (await trialBalance(world.db)).find((row) => row.account === 'suspense' && row.currency === 'UGX')?.balanceMinor;

/** A reference of ours that has no row. */
const unknownLike = (id: string) => `${id.slice(0, 27)}${id.endsWith('0') ? '1' : '0'}`;

/** What the provider did under a reference, and our database has forgotten. */
function executedElsewhere(reference: string, more: Partial<ProviderTransaction> = {}): ProviderTransaction {
  const providerTransactionId = `BP${world.provider.executed.size}X${reference}`;
  const transaction = executed(reference, { providerTransactionId, ...more });
  world.provider.executed.set(reference, [...(world.provider.executed.get(reference) ?? []), transaction]);
  return transaction;
}

describe('while a recovery is open', () => {
  it('nothing is sent, even by a process that has not noticed yet', async () => {
    const [sent, unsent] = [await create(), await create()];
    // This process has just read that sending is enabled, and believes it for a moment.
    expect(await ring(sent)).toBe('moved');
    expect(await begin()).toBe(true);
    expect(await ring(unsent)).toBe('waiting');
    expect([await stateOf(unsent), world.provider.calls.submit]).toEqual(['accepted', 1]);
  });

  it('nothing is asked of the provider for what may not be sent, and what was sent is followed to its end', async () => {
    const [sent, unsent] = [await create(), await create()];
    await ring(sent);
    await begin();
    const quotes = world.provider.calls.quote;
    // A process that was started since.
    const fresh = { ...world };
    expect(await advance(fresh, payoutFlow, unsent, { cause: 'worker', actor: 'worker', insists: false })).toBe(
      'waiting',
    );
    expect([await stateOf(unsent), world.provider.calls.quote]).toEqual(['accepted', quotes]);
    await world.makeDue();
    world.provider.rule(sent, { status: 'successful' });
    expect(await ring(sent)).toBe('moved');
    expect(await stateOf(sent)).toBe('settled');
  });

  it('a payout cannot be cancelled: it may have been paid', async () => {
    const id = await create();
    await begin();
    await expect(cancelPayout(world, world.caller, id)).rejects.toMatchObject({ status: 503 });
    expect(await stateOf(id)).toBe('accepted');
  });

  it('a second start changes nothing, and only a complete run lets it be finished', async () => {
    await begin();
    const first = await openRecovery(world.db);
    expect(await begin()).toBe(false);
    expect(await openRecovery(world.db)).toEqual(first);
    await expect(finishRecovery(world.db, ME)).rejects.toMatchObject({ code: 'not_reconciled' });
    const id = await create();
    await world.db.raw(`UPDATE transactions SET created_at = created_at - interval '1 day'`);
    world.provider.onLookUp = () => ({ kind: 'unavailable', code: 'timeout', message: 'lost', retryAfterMs: null });
    expect(await run()).toMatchObject({ complete: false, unsure: 1 });
    await expect(finishRecovery(world.db, ME)).rejects.toMatchObject({ code: 'not_reconciled' });
    world.provider.onLookUp = () => null;
    expect(await run()).toMatchObject({ complete: true, unsure: 0 });
    await finishRecovery(world.db, ME);
    await expect(finishRecovery(world.db, ME)).rejects.toMatchObject({ code: 'no_recovery' });
    expect(await stateOf(id)).toBe('accepted');
    const deeds = await world.db('audit_log').where('action', 'like', 'recovery.%').orderBy('id');
    expect(deeds.map((deed) => deed.action)).toEqual(['recovery.start', 'recovery.run', 'recovery.finish']);
  });
});

describe('a run', () => {
  it('asks about every unsent row by its own reference, since a list may leave it out', async () => {
    const id = await create();
    executedElsewhere(id);
    await begin();
    world.provider.transactions = async ({ page }) => ({ transactions: [], shown: 0, total: 0, page });
    expect(await run()).toMatchObject({ listed: 0, adopted: 1, complete: true });
    expect(await stateOf(id)).toBe('settled');
    expect(world.provider.calls.submit).toBe(0);
  });

  it('adopts what awaits approval too: its approval may be among what was lost', async () => {
    const { merchantId } = world;
    const limit = { merchantId, currency: 'UGX', aboveMinor: 0n, dailyAboveMinor: null };
    await world.db.transaction((trx) => setApprovalLimit(trx, limit));
    const [listed, unlisted, unknown] = [await create(), await create(), await create()];
    await begin();
    const found = executedElsewhere(listed);
    executedElsewhere(unlisted);
    world.provider.transactions = async ({ page }) => ({ transactions: [found], shown: 1, total: 1, page });
    expect(await run()).toMatchObject({ listed: 1, adopted: 2, complete: true });
    expect(await Promise.all([listed, unlisted, unknown].map(stateOf))).toEqual([
      'settled',
      'settled',
      'awaiting_approval',
    ]);
    expect(world.provider.calls.submit).toBe(0);
    // The same by the check for returns, for whom nobody has begun a recovery.
    await finishRecovery(world.db, ME);
    executedElsewhere(unknown);
    const all = [...world.provider.executed.values()].flat();
    const listing = { transactions: all, shown: all.length, total: all.length };
    world.provider.transactions = async ({ page }) => ({ ...listing, page });
    await checkReturns(world, flows);
    expect([await stateOf(unknown), world.provider.calls.submit]).toEqual(['settled', 0]);
  });

  it('adopts for good: a provider that then finds nothing gets no second sending', async () => {
    const id = await create();
    executedElsewhere(id, { status: 'pending' });
    await begin();
    world.provider.onLookUp = () => ({ kind: 'not_found' });
    await run();
    await finishRecovery(world.db, ME);
    for (let round = 0; round < 8; round += 1) {
      await world.makeDue();
      await ring(id);
    }
    expect(await stateOf(id)).toBe('submitting');
    expect(world.provider.calls.submit).toBe(0);
  });

  it('names a second execution under one reference, and puts its money into suspense once', async () => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'successful' });
    executedElsewhere(id, { providerTransactionId: 'BPsecond' });
    await begin();
    expect(await run()).toMatchObject({ listed: 2, advanced: 1, strangers: 1 });
    expect(await run()).toMatchObject({ listed: 2, advanced: 0, strangers: 0 });
    expect(await stateOf(id)).toBe('settled');
    expect(await openCases()).toMatchObject([
      { kind: 'unknown_operation', evidence: { row: 'settled', reference: id } },
    ]);
    expect(await suspense()).toBe(-100_000n);
  });

  it('names what it cannot book yet, and leaves alone what moved nothing', async () => {
    await begin();
    await create();
    executedElsewhere(newId('payout'), { status: 'pending' });
    executedElsewhere(newId('payout'), { status: 'failed' });
    expect(await run()).toMatchObject({ listed: 2, strangers: 1 });
    expect(await openCases()).toMatchObject([{ kind: 'unknown_operation', evidence: { status: 'pending' } }]);
    expect(await suspense()).toBe(0n);
  });
});

it('the returns check reads on behind a page with an entry that could not be understood', async () => {
  const id = await create();
  await ring(id);
  world.provider.rule(id, { status: 'successful' });
  await world.makeDue();
  await ring(id);
  world.provider.rule(id, { isRefunded: true });
  const book = [...world.provider.executed.values()].flat();
  world.provider.transactions = async ({ page }) =>
    page === 1
      ? { transactions: [], shown: 50, total: 51, page }
      : { transactions: book, shown: book.length, total: 51, page };
  expect(await checkReturns(world, flows)).toBe(1);
  expect(await stateOf(id)).toBe('reversed');
});

describe('the returns check', () => {
  /** Executed, and then called unsent by an answer that lied. */
  async function calledUnsent(): Promise<string> {
    const id = await create();
    world.provider.onSubmit = (execute) => {
      execute();
      return { kind: 'not_sent', code: 'forbidden', message: '403', retryAfterMs: null };
    };
    await ring(id);
    world.provider.rule(id, { status: 'successful' });
    return id;
  }

  it('names a payout that was cancelled here and executed there, and puts its money into suspense once', async () => {
    const id = await calledUnsent();
    await cancelPayout(world, world.caller, id);
    expect([await checkReturns(world, flows), await checkReturns(world, flows)]).toEqual([1, 0]);
    expect(await openCases()).toMatchObject([
      { kind: 'unknown_operation', evidence: { row: 'cancelled', reference: id } },
    ]);
    expect([await stateOf(id), await suspense()]).toEqual(['cancelled', -100_000n]);
  });

  it('names a second execution under one reference as soon as the first one is settled', async () => {
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'successful' });
    executedElsewhere(id, { providerTransactionId: 'BPsecond' });
    expect([await checkReturns(world, flows), await openCases()]).toEqual([0, []]);
    const [first] = world.provider.executed.get(id) ?? [];
    world.provider.onLookUp = () => (first === undefined ? null : { kind: 'found', transaction: first });
    await world.makeDue();
    await ring(id);
    expect([await checkReturns(world, flows), await checkReturns(world, flows)]).toEqual([1, 0]);
    expect(await openCases()).toMatchObject([
      { kind: 'unknown_operation', subject: 'provider:BPsecond', evidence: { row: 'settled', reference: id } },
    ]);
    expect([await stateOf(id), await suspense()]).toEqual(['settled', -100_000n]);
  });

  it('names what was executed under a reference of ours that has no row, unless it failed, waits or went back', async () => {
    const like = async () => unknownLike(await create());
    const lost = await like();
    executedElsewhere(lost);
    executedElsewhere(await like(), { status: 'pending' });
    executedElsewhere(await like(), { status: 'failed' });
    executedElsewhere(await like(), { isRefunded: true });
    executedElsewhere('someone-else');
    expect(await checkReturns(world, flows)).toBe(1);
    expect(await openCases()).toMatchObject([{ evidence: { row: 'lost', reference: lost } }]);
    expect(await suspense()).toBe(-100_000n);
  });

  it('asks a person once about what cannot be booked, and not again when it is answered', async () => {
    executedElsewhere(unknownLike(await create()), { currency: 'XXX' });
    expect([await checkReturns(world, flows), (await openCases()).length]).toEqual([1, 1]);
    await world
      .db('cases')
      .update({ resolved_at: world.db.fn.now(), resolved_by: 'operator:test', resolution: 'seen' });
    expect([await checkReturns(world, flows), await openCases()]).toEqual([0, []]);
  });

  it('leaves the unsent and the lost to the run while a recovery is open', async () => {
    const id = await calledUnsent();
    executedElsewhere(unknownLike(id));
    await begin();
    expect([await checkReturns(world, flows), await stateOf(id), await openCases()]).toEqual([0, 'accepted', []]);
    expect(await run()).toMatchObject({ adopted: 1, strangers: 1 });
  });

  it('adopts what was called unsent before it is sent again', async () => {
    const id = await calledUnsent();
    expect(await checkReturns(world, flows)).toBe(1);
    expect([await stateOf(id), world.provider.calls.submit]).toEqual(['settled', 1]);
    expect(await openCases()).toEqual([]);
  });
});

describe('on a host whose clock is wrong by days', () => {
  const WRONG_MS = 5 * 86_400_000;
  afterEach(() => void vi.useRealTimers());

  /** The provider shows a day's operations only to whoever asks for that day. */
  function listByDays(): void {
    const today = new Date().toISOString().slice(0, 10);
    const book = world.provider.transactions;
    world.provider.transactions = async (of) =>
      of.from <= today && today <= of.to ? book(of) : { transactions: [], shown: 0, total: 0, page: of.page };
  }

  it.each([
    ['behind', -WRONG_MS],
    ['ahead', WRONG_MS],
  ])('%s, a run still names what was lost today', async (_, wrongMs) => {
    const id = await create();
    executedElsewhere(unknownLike(id));
    listByDays();
    await begin();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + wrongMs });
    expect(await run()).toMatchObject({ listed: 1, strangers: 1 });
  });

  it.each([
    ['behind', -WRONG_MS],
    ['ahead', WRONG_MS],
  ])('%s, the returns check still finds what was returned today', async (_, wrongMs) => {
    await world.close();
    world = await createWorld({ env: { REVERSAL_HORIZON_MS: '86400000' } });
    await world.fund('UGX', 10_000_000n);
    const id = await create();
    await ring(id);
    world.provider.rule(id, { status: 'successful' });
    await world.makeDue();
    await ring(id);
    world.provider.rule(id, { isRefunded: true });
    listByDays();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + wrongMs });
    expect(await checkReturns(world, flows)).toBe(1);
    expect(await stateOf(id)).toBe('reversed');
  });
});
