// Many steps in one statement: those that are still valid are written whole, and of the others nothing.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { walletBalances } from '../../src/ledger/balances.ts';
import { entry } from '../../src/ledger/journal.ts';
import { availableAccount, heldAccount, systemAccount } from '../../src/ledger/ledger-account.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { caseOf } from '../../src/transactions/case.ts';
import { type Step, writeSteps } from '../../src/transactions/step.ts';
import { load } from '../../src/transactions/transaction.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

/** A step that touches everything a step can touch: row, history, case, earning, ledger, attempt. */
function everything(id: string, walletId: string, from: Step['from']): Step {
  const transaction = { id, currency: 'UGX' };
  return {
    id,
    from,
    attemptNo: 0,
    path: ['submitting'],
    cause: 'worker',
    actor: 'worker',
    dueInMs: 1000,
    attempt: {
      kind: 'open',
      tokenHash: null,
      quotationExpiresAt: null,
      quotedAmountMinor: null,
      quotedChargeMinor: null,
      fenceAt: null,
    },
    entries: [
      entry({
        reference: `${id}:spend`,
        kind: 'spend',
        currency: 'UGX',
        transactionId: id,
        actor: 'worker',
        moves: [{ from: availableAccount(walletId), to: systemAccount('capital', 'UGX'), amountMinor: 100_000n }],
      }),
    ],
    earnings: [
      {
        transactionId: id,
        kind: 'service_fee',
        step: 'settle',
        merchantId: world.merchantId,
        currency: 'UGX',
        amountMinor: 100n,
      },
    ],
    cases: [caseOf(transaction, 'stuck', 100n, { why: 'test' })],
  };
}

it('a step whose row has moved on writes nothing, and keeps nobody else’s from being written', async () => {
  const walletId = await world.fund('UGX', 1_000_000n);
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const { body } = await createPayout(world, world.caller, world.request(), NEW_PAYOUT);
    ids.push(JSON.parse(body).id);
  }
  const [first, stale, last] = ids as [string, string, string];
  const steps = [
    everything(first, walletId, 'accepted'),
    everything(stale, walletId, 'submitted'),
    everything(last, walletId, 'accepted'),
  ];
  const moved = await inTransaction(world.db, (trx) => writeSteps(trx, steps));
  expect([...moved].toSorted()).toEqual([first, last].toSorted());
  for (const table of ['attempts', 'cases', 'earnings']) {
    const written = await world.db(table).pluck('transaction_id');
    expect([table, written.toSorted()]).toEqual([table, [first, last].toSorted()]);
  }
  expect(await world.db('journal_entries').where({ kind: 'spend' }).pluck('transaction_id')).toEqual([first, last]);
  expect((await load(world, stale)).transaction).toMatchObject({ state: 'accepted', attemptNo: 0 });
  expect(await world.db('transaction_history').where({ transaction_id: stale })).toHaveLength(1);
  expect((await walletBalances(world.db, [walletId])).get(walletId)).toEqual({
    availableMinor: 500_000n,
    heldMinor: 300_000n,
  });
});

it('an entry that cannot be booked takes the whole batch back, history and rows included', async () => {
  const walletId = await world.fund('UGX', 1_000_000n);
  const { body } = await createPayout(world, world.caller, world.request(), NEW_PAYOUT);
  const { id } = JSON.parse(body);
  const good = everything(id, walletId, 'accepted');
  const tooMuch = entry({
    reference: `${id}:settle`,
    kind: 'settle',
    currency: 'UGX',
    transactionId: id,
    actor: 'worker',
    moves: [{ from: heldAccount(walletId), to: availableAccount(walletId), amountMinor: 100_000_000n }],
  });
  const write = inTransaction(world.db, (trx) => writeSteps(trx, [{ ...good, entries: [tooMuch] }]));
  await expect(write).rejects.toMatchObject({ code: 'insufficient_funds' });
  expect((await load(world, id)).transaction.state).toBe('accepted');
  expect(await world.db('attempts')).toEqual([]);
});

it('a step for a row that does not exist is a stale step', async () => {
  const step = everything(newId('payout'), newId('wallet'), 'accepted');
  expect(await inTransaction(world.db, (trx) => writeSteps(trx, [step]))).toEqual(new Set());
});
