// What a person decides: every kind of case, with and against the provider's word, twice at once, and what comes afterwards.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCollection } from '../../src/collections/create.ts';
import { newId } from '../../src/ids.ts';
import { trialBalance, walletBalances } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { addSchedule } from '../../src/pricing/fee-schedule.ts';
import type { ProviderTransaction } from '../../src/provider/provider.ts';
import { checkReturns } from '../../src/reconciliation/returns.ts';
import { advance } from '../../src/transactions/advance.ts';
import { CASE_KINDS } from '../../src/transactions/case.ts';
import { ANSWERS, DECISION_NAMES, type Decision } from '../../src/transactions/decisions.ts';
import { propose } from '../../src/transactions/propose.ts';
import { resolve } from '../../src/transactions/resolve.ts';
import { nameStranger } from '../../src/transactions/stranger.ts';
import type { TransactionType } from '../../src/transactions/transaction.ts';
import { flows } from '../../workers/webhook.ts';
import { NEW_COLLECTION, NEW_PAYOUT } from '../support/new-payout.ts';
import { createWorld, type World } from '../support/world.ts';

const SAID = { reason: 'the bank says so', againstTheProvider: false, clientAddress: null };
const KNOWING = { ...SAID, againstTheProvider: true };
let world: World;
let walletId: string;
beforeEach(async () => {
  world = await createWorld({ env: { PAYOUT_RESEND_POLICY: 'never', PROVIDER_BALANCE_TTL_MS: '1' } });
  // Fees of 100, so that they can be seen to move.
  for (const type of ['payout', 'collection'] as const)
    await addSchedule(world.db, { type, currency: 'UGX', basis: 'own', flatMinor: 10_000n, createdBy: 'test' });
  walletId = await world.fund('UGX', 1_000_000n);
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

async function payout(): Promise<string> {
  return JSON.parse((await createPayout(world, world.caller, world.request(), NEW_PAYOUT)).body).id;
}
async function collection(): Promise<string> {
  const answer = await createCollection(
    world,
    world.caller,
    world.request({ route: 'POST /v1/collections' }),
    NEW_COLLECTION,
  );
  return JSON.parse(answer.body).id;
}
async function ring(id: string, insists = false) {
  const type: TransactionType = id.startsWith('po') ? 'payout' : 'collection';
  return advance(world, flows[type], id, { cause: 'worker', actor: 'worker', insists });
}
/** Patience is spent: it was asked for two days ago. */
async function grow(id: string): Promise<void> {
  await world
    .db('transactions')
    .where({ id })
    .update({ created_at: world.db.raw("now() - interval '2 days'") });
  await world.makeDue();
  await ring(id);
}
const row = (id: string) => world.db('transactions').where({ id }).first();
const stateOf = async (id: string) => (await row(id)).state;
const openCases = async () =>
  (await world.db('cases').whereNull('resolved_at').orderBy('opened_at')).map((one) => one.kind).toSorted();
async function caseOf(kind: string): Promise<string> {
  const found = await world.db('cases').where({ kind }).whereNull('resolved_at').first();
  expect(found, `a case of the kind ${kind} is open`).toBeDefined();
  return found.id;
}
const balance = async () => (await walletBalances(world.db, [walletId])).get(walletId);
async function account(name: string): Promise<bigint> {
  return (
    (await trialBalance(world.db)).find((one) => one.account === name && one.currency === 'UGX')?.balanceMinor ?? 0n
  );
}
async function decide(kind: string, decision: Decision, said = SAID, wallet?: string, actor = 'operator:jane') {
  const question = {
    caseId: await caseOf(kind),
    decision,
    actor,
    ...(wallet === undefined ? {} : { walletId: wallet }),
  };
  const proposal = await propose(world, flows, question);
  const posted = await resolve(world, proposal, said);
  expect(posted.map((one) => one.postings)).toEqual(proposal.entries.map((one) => one.postings));
  return proposal;
}

/** A payout whose sending ended in doubt, executed or not, and whose patience is spent. */
async function inDoubt(of: { executed: boolean }): Promise<string> {
  world.provider.onSubmit = (execute) => {
    if (of.executed) execute();
    return { kind: 'unknown', code: 'timeout', message: 'lost' };
  };
  const id = await payout();
  await ring(id);
  if (of.executed) world.provider.onLookUp = () => ({ kind: 'not_found' });
  await grow(id);
  world.provider.onLookUp = () => null;
  expect([await stateOf(id), await openCases()]).toEqual(['in_review', ['outcome_unknown']]);
  return id;
}
async function mismatched(make: () => Promise<string>, change: Partial<ProviderTransaction>): Promise<string> {
  const id = await make();
  await ring(id);
  world.provider.rule(id, { status: 'successful', ...change });
  await world.makeDue();
  await ring(id);
  expect([await stateOf(id), await openCases()]).toEqual(['in_review', ['amount_mismatch']]);
  return id;
}

it('has an answer for every kind of case there is', () => {
  expect(Object.keys(ANSWERS).toSorted()).toEqual([...CASE_KINDS].toSorted());
  for (const answers of Object.values(ANSWERS)) expect(answers.length).toBeGreaterThan(0);
  expect(new Set(Object.values(ANSWERS).flat())).toEqual(new Set(DECISION_NAMES));
});

describe('a payout of which nobody knows', () => {
  it('fails on a person’s word when the provider does not have it: the hold goes back, and all of it is written down', async () => {
    const id = await inDoubt({ executed: false });
    const caseId = await caseOf('outcome_unknown');
    await decide('outcome_unknown', 'failed');
    expect(await row(id)).toMatchObject({ state: 'failed', failure_code: 'decided_failed', due_at: null });
    expect(await balance()).toEqual({ availableMinor: 1_000_000n, heldMinor: 0n });
    const [last] = await world.db('transaction_history').where({ transaction_id: id }).orderBy('id', 'desc');
    expect(last).toMatchObject({
      from_state: 'in_review',
      to_state: 'failed',
      cause: 'operator',
      actor: 'operator:jane',
    });
    expect(await world.db('cases').where({ id: caseId }).first()).toMatchObject({
      resolved_by: 'operator:jane',
      resolution: 'failed: the bank says so',
    });
    expect(await world.db('audit_log').where({ subject: caseId }).first()).toMatchObject({
      actor: 'operator:jane',
      action: 'cases.resolve',
      reason: 'the bank says so',
      detail: { decision: 'failed', provider: 'not_found', against: false, entries: [`${id}:release`] },
    });
    expect(await world.db('attempts').where({ transaction_id: id }).first()).toMatchObject({ verdict: 'refused' });
  });

  it('settles on a person’s word with the provider’s own figures, when it has them', async () => {
    const id = await inDoubt({ executed: true });
    world.provider.rule(id, { status: 'successful', feesMinor: 60_000n });
    await decide('outcome_unknown', 'settled');
    expect(await row(id)).toMatchObject({ state: 'settled', charge_minor: 60_000n });
    expect(await balance()).toEqual({ availableMinor: 890_000n, heldMinor: 0n });
  });

  it.each([
    ['settled', 'not_found', { executed: false }, {}],
    ['settled', 'pending', { executed: true }, {}],
    ['settled', 'failed', { executed: true }, { status: 'failed' }],
    ['failed', 'successful', { executed: true }, { status: 'successful' }],
    ['failed', 'pending', { executed: true }, {}],
    ['failed', 'returned', { executed: true }, { status: 'successful', isRefunded: true }],
  ] as const)(
    'is not %s against the provider’s %s, unless that word is known to be wrong',
    async (decision, said, made, rule) => {
      const id = await inDoubt(made);
      if (made.executed) world.provider.rule(id, rule);
      await expect(decide('outcome_unknown', decision)).rejects.toMatchObject({ code: 'against_the_provider' });
      expect([await stateOf(id), await openCases()]).toEqual(['in_review', ['outcome_unknown']]);
      const proposal = await decide('outcome_unknown', decision, KNOWING);
      expect([proposal.said, await stateOf(id)]).toEqual([said, decision]);
    },
  );

  it('needs the same when the provider cannot be asked', async () => {
    const id = await inDoubt({ executed: false });
    world.provider.onLookUp = () => ({ kind: 'unavailable', code: 'timeout', message: 'lost', retryAfterMs: null });
    await expect(decide('outcome_unknown', 'failed')).rejects.toThrow(/cannot be asked right now/);
    await decide('outcome_unknown', 'failed', KNOWING);
    expect(await stateOf(id)).toBe('failed');
  });

  it('asks the provider before any database transaction is opened', async () => {
    await inDoubt({ executed: false });
    const caseId = await caseOf('outcome_unknown');
    let open = -1;
    const { lookUp } = world.provider;
    world.provider.lookUp = async (of) => {
      const { rows } = await world.db.raw(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
      );
      open = rows[0].n;
      return lookUp(of);
    };
    await resolve(world, await propose(world, flows, { caseId, decision: 'failed', actor: 'operator:jane' }), SAID);
    expect(open).toBe(0);
  });
});

describe('two operators who decide the opposite at the same moment', () => {
  it('get one decision: the other is told what it was, and the book has one entry', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await inDoubt({ executed: false });
      const caseId = await caseOf('outcome_unknown');
      const proposals = await Promise.all([
        propose(world, flows, { caseId, decision: 'failed', actor: 'operator:jane' }),
        propose(world, flows, { caseId, decision: 'settled', actor: 'operator:john' }),
      ]);
      const ends = await Promise.allSettled(proposals.map((one) => resolve(world, one, KNOWING)));
      expect(ends.map((end) => end.status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const now = await stateOf(id);
      const lost = ends.find((end) => end.status === 'rejected');
      expect(lost?.reason).toMatchObject({ code: 'conflict' });
      expect(lost?.reason.message).toMatch(new RegExp(`resolved by operator:(jane|john): .*${id} is ${now} now`));
      const entries = await world.db('journal_entries').where({ transaction_id: id }).whereNot({ kind: 'hold' });
      expect(entries).toHaveLength(1);
      expect(await world.db('audit_log').where({ subject: caseId })).toHaveLength(1);
    }
  });

  it('about money without a row as well', async () => {
    const found = blank(newId('payout'));
    world.provider.executed.set(found.reference ?? '', [found]);
    await nameStranger(world, { found, kind: 'unknown_operation', actor: 'test', evidence: {} });
    const caseId = await caseOf('unknown_operation');
    const proposals = await Promise.all([
      propose(world, flows, { caseId, decision: 'charged', walletId, actor: 'operator:jane' }),
      propose(world, flows, { caseId, decision: 'written_off', actor: 'operator:john' }),
    ]);
    const ends = await Promise.allSettled(proposals.map((one) => resolve(world, one, SAID)));
    expect(ends.map((end) => end.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find((end) => end.status === 'rejected')?.reason.message).toMatch(/resolved by operator:(jane|john): /);
    expect(await account('suspense')).toBe(0n);
    expect(await world.db('audit_log').where({ subject: caseId })).toHaveLength(1);
  });
});

describe('after a decision', () => {
  it('a late success follows its named edge, and a person is told', async () => {
    const id = await inDoubt({ executed: true });
    await decide('outcome_unknown', 'failed', KNOWING);
    expect(await balance()).toEqual({ availableMinor: 1_000_000n, heldMinor: 0n });
    world.provider.rule(id, { status: 'successful' });
    expect(await checkReturns(world, flows)).toBe(1);
    expect([await stateOf(id), await openCases()]).toEqual(['settled', ['late_success']]);
    expect(await balance()).toEqual({ availableMinor: 890_000n, heldMinor: 0n });
    await decide('late_success', 'acknowledged');
    expect(await openCases()).toEqual([]);
  });

  it('a settled one that the provider then calls failed is a contradiction, decided once, and not asked again', async () => {
    const id = await inDoubt({ executed: true });
    await decide('outcome_unknown', 'settled', KNOWING);
    world.provider.rule(id, { status: 'failed' });
    await checkReturns(world, flows);
    expect([await stateOf(id), await openCases()]).toEqual(['settled', ['contradiction']]);
    await decide('contradiction', 'reversed');
    expect([await stateOf(id), await openCases()]).toEqual(['reversed', []]);
    expect(await balance()).toEqual({ availableMinor: 1_000_000n, heldMinor: 0n });
    await checkReturns(world, flows);
    expect(await openCases()).toEqual([]);
  });

  it('a failed one that the provider calls successful by another amount is booked by what moved', async () => {
    const id = await inDoubt({ executed: true });
    await decide('outcome_unknown', 'failed', KNOWING);
    world.provider.rule(id, { status: 'successful', amountMinor: 60_000n });
    await checkReturns(world, flows);
    expect([await stateOf(id), await openCases()]).toEqual(['failed', ['contradiction']]);
    await expect(decide('contradiction', 'reversed')).rejects.toThrow(/is failed now/);
    await decide('contradiction', 'settled');
    expect(await row(id)).toMatchObject({ state: 'settled', amount_minor: 60_000n, failure_code: null });
    expect(await balance()).toEqual({ availableMinor: 930_000n, heldMinor: 0n });
  });

  it('what was acknowledged is not asked again while the provider says the same', async () => {
    const id = await inDoubt({ executed: true });
    await decide('outcome_unknown', 'settled', KNOWING);
    world.provider.rule(id, { status: 'failed' });
    await checkReturns(world, flows);
    await decide('contradiction', 'acknowledged');
    await checkReturns(world, flows);
    expect([await stateOf(id), await openCases()]).toEqual(['settled', []]);
  });
});

describe('what could not be sent', () => {
  async function unsendable(): Promise<string> {
    const { wallets } = world.provider;
    world.provider.wallets = async () => [];
    const id = await payout();
    await ring(id);
    await grow(id);
    world.provider.wallets = wallets;
    expect([await stateOf(id), await openCases()]).toEqual(['in_review', ['not_executable']]);
    return id;
  }

  it('is sent after all on a person’s word, once', async () => {
    const id = await unsendable();
    await decide('not_executable', 'accepted');
    expect([await stateOf(id), await openCases()]).toEqual(['accepted', []]);
    await ring(id);
    expect([await stateOf(id), world.provider.calls.submit]).toEqual(['submitted', 1]);
  });

  it('is never sent on a person’s word when the provider has it, or cannot say', async () => {
    const id = await unsendable();
    world.provider.onLookUp = () => ({ kind: 'unavailable', code: 'timeout', message: 'lost', retryAfterMs: null });
    await expect(decide('not_executable', 'accepted', KNOWING)).rejects.toMatchObject({ code: 'provider_unavailable' });
    world.provider.onLookUp = () => null;
    world.provider.executed.set(id, [{ ...blank(id), status: 'pending' }]);
    await expect(decide('not_executable', 'accepted', KNOWING)).rejects.toMatchObject({ code: 'provider_has_it' });
    expect([await stateOf(id), world.provider.calls.submit]).toEqual(['in_review', 0]);
  });

  it('is not sent a second time while an attempt is open, whatever a person says', async () => {
    const id = await inDoubt({ executed: false });
    await world.db('cases').update({ kind: 'stuck' });
    await expect(decide('stuck', 'accepted', KNOWING)).rejects.toMatchObject({ code: 'may_have_been_sent' });
    expect(await stateOf(id)).toBe('in_review');
  });
});

const blank = (reference: string, more: Partial<ProviderTransaction> = {}): ProviderTransaction => ({
  providerTransactionId: `BP${reference}`,
  reference,
  type: 'payout',
  status: 'successful',
  currency: 'UGX',
  amountMinor: 100_000n,
  feesMinor: 0n,
  destinationAmountMinor: null,
  destinationCurrency: null,
  isRefunded: false,
  reason: null,
  redirectUrl: null,
  ...more,
});

describe('another amount than asked', () => {
  it('less of a collection: credited by what came, out of suspense', async () => {
    const id = await mismatched(collection, { amountMinor: 150_000n });
    expect(await account('suspense')).toBe(150_000n);
    await decide('amount_mismatch', 'settled');
    expect(await row(id)).toMatchObject({ state: 'settled', amount_minor: 150_000n });
    expect([await account('suspense'), (await balance())?.availableMinor]).toEqual([0n, 1_140_000n]);
  });

  it('less of a payout: what was not needed of the hold goes back', async () => {
    await mismatched(payout, { amountMinor: 40_000n });
    await decide('amount_mismatch', 'settled');
    expect([await account('suspense'), await balance()]).toEqual([0n, { availableMinor: 950_000n, heldMinor: 0n }]);
  });

  it('more of a payout than was held: taken from what is available, and the rest is receivable, with a case', async () => {
    const id = await mismatched(payout, { amountMinor: 1_200_000n });
    await decide('amount_mismatch', 'settled');
    expect(await stateOf(id)).toBe('settled');
    expect([await account('suspense'), await balance()]).toEqual([0n, { availableMinor: 0n, heldMinor: 0n }]);
    expect([await account('receivable'), await openCases()]).toEqual([-210_000n, ['shortfall']]);
    await expect(decide('shortfall', 'collected')).rejects.toMatchObject({ code: 'insufficient_funds' });
    await world.fund('UGX', 300_000n);
    await decide('shortfall', 'collected');
    expect([await account('receivable'), (await balance())?.availableMinor]).toEqual([0n, 90_000n]);
  });

  it('is posted as it was shown, or not at all: what the wallet covers may have changed since', async () => {
    const id = await mismatched(payout, { amountMinor: 1_200_000n });
    const question = { caseId: await caseOf('amount_mismatch'), decision: 'settled', actor: 'operator:jane' } as const;
    const shown = await propose(world, flows, question);
    await world.fund('UGX', 100_000n);
    await expect(resolve(world, shown, SAID)).rejects.toMatchObject({ code: 'conflict' });
    expect([await stateOf(id), await account('receivable')]).toEqual(['in_review', 0n]);
    await decide('amount_mismatch', 'settled');
    expect(await account('receivable')).toBe(-110_000n);
  });

  it('in another currency it can only fail; the money then has a case of its own, and is credited where it belongs', async () => {
    const id = await mismatched(collection, { currency: 'KES', amountMinor: 5_000n });
    await expect(decide('amount_mismatch', 'settled')).rejects.toMatchObject({ code: 'other_currency' });
    await decide('amount_mismatch', 'failed', KNOWING);
    expect([await stateOf(id), await openCases()]).toEqual(['failed', ['unknown_operation']]);
    const kes = await world.fund('KES', 1n);
    await expect(decide('unknown_operation', 'credited', SAID, walletId)).rejects.toMatchObject({ status: 400 });
    await decide('unknown_operation', 'credited', SAID, kes);
    expect((await walletBalances(world.db, [kes])).get(kes)?.availableMinor).toBe(5_001n);
    // The provider still calls it successful: that is known, and no contradiction.
    await ring(id, true);
    expect(await openCases()).toEqual([]);
  });

  it('which the provider then takes back, leaves nothing in suspense once that is acknowledged', async () => {
    const id = await mismatched(collection, { amountMinor: 150_000n });
    world.provider.rule(id, { amountMinor: 200_000n });
    await world.makeDue();
    await ring(id);
    expect([await stateOf(id), await account('suspense')]).toEqual(['settled', 150_000n]);
    await decide('amount_mismatch', 'acknowledged');
    expect([await account('suspense'), await openCases()]).toEqual([0n, []]);
  });
});

describe('money that no row explains', () => {
  const stranger = (more: Partial<ProviderTransaction>) => {
    const found = blank(newId('payout'), more);
    world.provider.executed.set(found.reference ?? '', [found]);
    return nameStranger(world, { found, kind: 'unknown_operation', actor: 'test', evidence: {} }).then(() => found);
  };

  it.each([
    ['collection', 'kept', 'successful', { capital: -900_000n, provider: -100_000n }],
    ['collection', 'returned', 'returned', { capital: -1_000_000n, provider: 0n }],
    ['payout', 'written_off', 'successful', { capital: -1_100_000n, provider: 100_000n }],
    ['payout', 'returned', 'returned', { capital: -1_000_000n, provider: 0n }],
  ] as const)('of a %s: %s', async (type, decision, said, book) => {
    const { reference } = await stranger({ type });
    if (said === 'returned') world.provider.rule(reference ?? '', { isRefunded: true });
    await decide('unknown_operation', decision);
    expect([await account('suspense'), await account('capital'), await account('provider')]).toEqual([
      0n,
      book.capital,
      book.provider,
    ]);
  });

  it('is charged to the wallet whose lost payout it was', async () => {
    await stranger({});
    await expect(decide('unknown_operation', 'charged')).rejects.toMatchObject({ code: 'wallet_missing' });
    await expect(decide('unknown_operation', 'credited', SAID, walletId)).rejects.toMatchObject({
      code: 'does_not_fit',
    });
    await decide('unknown_operation', 'charged', SAID, walletId);
    expect([await account('suspense'), (await balance())?.availableMinor]).toEqual([0n, 900_000n]);
  });

  it('that was pending when it was found is booked and decided in one, or noted once it has failed', async () => {
    const first = await stranger({ status: 'pending' });
    await expect(decide('unknown_operation', 'charged', SAID, walletId)).rejects.toMatchObject({
      code: 'nothing_in_suspense',
    });
    await expect(decide('unknown_operation', 'acknowledged')).rejects.toMatchObject({ code: 'against_the_provider' });
    world.provider.rule(first.reference ?? '', { status: 'successful' });
    await expect(decide('unknown_operation', 'acknowledged')).rejects.toMatchObject({ code: 'money_in_suspense' });
    await decide('unknown_operation', 'charged', SAID, walletId);
    expect([await account('suspense'), (await balance())?.availableMinor]).toEqual([0n, 900_000n]);
    const second = await stranger({ status: 'pending' });
    world.provider.rule(second.reference ?? '', { status: 'failed' });
    await decide('unknown_operation', 'acknowledged');
    expect(await openCases()).toEqual([]);
  });
});
