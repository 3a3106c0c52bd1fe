// The machine against a model: any bells, any answers of the provider and any passing of time, in any order.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCollection } from '../../src/collections/create.ts';
import { collectionFlow } from '../../src/collections/flow.ts';
import { walletBalances } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { cancelPayout } from '../../src/payouts/cancel.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import { addSchedule } from '../../src/pricing/fee-schedule.ts';
import type { ProviderTransaction, SubmitEnding } from '../../src/provider/provider.ts';
import { advance, type Ring } from '../../src/transactions/advance.ts';
import { mayMove, type State } from '../../src/transactions/states.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { PROPERTY_TIMEOUT_MS, slowCases } from '../support/properties.ts';
import { createWorld, type World } from '../support/world.ts';

type Direction = 'payout' | 'collection';
const FLOWS = { payout: payoutFlow, collection: collectionFlow };
const AMOUNT = 1_000_000n;
const FEE = 10_000n;
const CHARGE = { payout: 50_000n, collection: 0n };
const FUNDS = 10n ** 9n;

let world: World;
/** How the next sendings of a reference end, and whether look-ups work. */
const scripts = new Map<string, Model>();

beforeAll(async () => {
  world = await createWorld();
  for (const type of ['payout', 'collection'] as const) {
    await addSchedule(world.db, { type, currency: 'UGX', basis: 'own', percentPpm: 10_000, createdBy: 'test' });
  }
  world.provider.onSubmit = (execute, reference) => {
    const model = scripts.get(reference);
    if (model === undefined) throw new Error(`nobody scripted ${reference}`);
    model.sendings += 1;
    return model.answer(execute);
  };
  world.provider.onLookUp = (reference) =>
    scripts.get(reference)?.lookUpsFail
      ? { kind: 'unavailable', code: 'server_error', message: '503', retryAfterMs: null }
      : null;
});
afterAll(() => world.close());

const unknown = (code: Extract<SubmitEnding, { kind: 'unknown' }>['code']): SubmitEnding => ({
  kind: 'unknown',
  code,
  message: 'lost',
});
function afterwards(execute: () => unknown, ending: SubmitEnding): SubmitEnding {
  execute();
  return ending;
}
/** How a sending may end; what a provider without an answer did with it is in the name. */
const ANSWERS = {
  accepted: (execute) => ({ kind: 'accepted', transaction: execute() }),
  'silence, executed': (execute) => afterwards(execute, unknown('timeout')),
  'silence, not executed': () => unknown('timeout'),
  '402, executed': (execute) => afterwards(execute, unknown('payment_required')),
  '402, not executed': () => unknown('payment_required'),
  refused: () => ({ kind: 'refused', code: 'rejected', message: 'no' }),
  'not sent': () => ({ kind: 'not_sent', code: 'unreachable', message: 'down', retryAfterMs: null }),
} as const satisfies Record<string, (execute: () => ProviderTransaction) => SubmitEnding>;
type Answer = keyof typeof ANSWERS;

type Truth = 'pending' | 'successful' | 'failed' | 'refunded' | 'other amount';
const CHANGES: Record<Truth, Partial<ProviderTransaction>> = {
  pending: { status: 'pending' },
  successful: { status: 'successful' },
  failed: { status: 'failed', reason: 'limit' },
  refunded: { status: 'successful', isRefunded: true },
  'other amount': { status: 'successful', amountMinor: AMOUNT + 700n },
};
/** What may follow what at a provider. */
const NEXT: Record<Truth, readonly Truth[]> = {
  pending: ['successful', 'failed', 'other amount'],
  successful: ['refunded'],
  failed: ['successful'],
  refunded: [],
  'other amount': [],
};

/** What is known without looking at the product: what the provider was told to do, and did. */
class Model {
  readonly direction: Direction;
  ending: Answer = 'accepted';
  lookUpsFail = false;
  sendings = 0;
  executed = 0;
  truth: Truth = 'pending';
  everFailed = false;

  constructor(direction: Direction) {
    this.direction = direction;
  }

  answer(execute: () => ProviderTransaction): SubmitEnding {
    return ANSWERS[this.ending](() => {
      this.executed += 1;
      return execute();
    });
  }

  says(truth: Truth): void {
    this.truth = truth;
    if (truth === 'failed') this.everFailed = true;
  }
}

interface Real {
  readonly id: string;
  readonly walletId: string;
}

const owned = (direction: Direction) => ({ owner: `${direction}-${Math.random().toString(36).slice(2)}` });

async function start(direction: Direction): Promise<Real> {
  const { owner } = owned(direction);
  const walletId = await world.fund('UGX', FUNDS, owner);
  const request = world.request({ route: `POST /v1/${direction}s` });
  const answer =
    direction === 'payout'
      ? await createPayout(world, world.caller, request, { ...NEW_PAYOUT, amountMinor: AMOUNT, owner })
      : await createCollection(world, world.caller, request, {
          amountMinor: AMOUNT,
          currency: 'UGX',
          country: 'UG',
          phone: '+256712345678',
          owner,
          otp: null,
          customer: null,
          redirectUrl: null,
          reference: null,
          metadata: {},
        });
  return { id: JSON.parse(answer.body).id, walletId };
}

const bells: Record<string, Ring> = {
  worker: { cause: 'worker', actor: 'worker', insists: false },
  webhook: { cause: 'webhook', actor: 'webhook:test', insists: true },
};
const ring = (direction: Direction, id: string, bell = 'worker') =>
  advance(world, FLOWS[direction], id, bells[bell] as Ring);

/** Everything that waits for a time has waited for it. */
async function passTime(id: string, days: number): Promise<void> {
  const past = (column: string, interval: string) => world.db.raw(`${column} - interval '${interval}'`);
  await world
    .db('attempts')
    .where({ transaction_id: id })
    .update({
      fence_at: past('fence_at', '1 hour'),
      first_negative_at: past('first_negative_at', '1 hour'),
    });
  await world
    .db('transactions')
    .where({ id })
    .whereNotNull('due_at')
    .update({ due_at: past('now()', '1 second') });
  if (days > 0)
    await world
      .db('transactions')
      .where({ id })
      .update({ created_at: past('created_at', `${days} days`) });
}

async function stateOf(id: string): Promise<State> {
  return (await world.db('transactions').where({ id }).first('state')).state;
}

/** What holds after every single thing that happens. */
async function hold(model: Model, { id, walletId }: Real): Promise<void> {
  const state = await stateOf(id);
  const history = await world.db('transaction_history').where({ transaction_id: id }).orderBy('id');
  const moves = history.filter((row) => row.from_state !== null);
  for (const { from_state, to_state } of moves)
    expect([from_state, to_state, mayMove(from_state, to_state)][2]).toBe(true);
  expect(history.at(-1)?.to_state).toBe(state);
  const attempts = await world.db('attempts').where({ transaction_id: id });
  expect(attempts.filter(({ verdict }) => verdict === null).length).toBeLessThanOrEqual(1);
  expect(model.sendings).toBeLessThanOrEqual(attempts.length);
  expect(model.executed).toBeLessThanOrEqual(1);
  if (state === 'accepted' || state === 'cancelled') expect(model.executed).toBe(0);
  if (state === 'failed') expect(model.executed === 0 || model.everFailed).toBe(true);
  if (state === 'settled' || state === 'reversed') expect(model.executed).toBe(1);
  expect((await walletBalances(world.db, [walletId])).get(walletId)).toEqual(moneyIn(model.direction, state));
}

/** What the wallet has in a state, whichever way led there. */
function moneyIn(direction: Direction, state: State): { availableMinor: bigint; heldMinor: bigint } {
  const gone = state === 'failed' || state === 'cancelled' || state === 'reversed';
  if (direction === 'collection') {
    return { availableMinor: FUNDS + (state === 'settled' ? AMOUNT - FEE : 0n), heldMinor: 0n };
  }
  const heldMinor = gone || state === 'settled' ? 0n : AMOUNT + FEE;
  return { availableMinor: FUNDS - (gone ? 0n : AMOUNT + FEE), heldMinor };
}

/** What the provider's account of the book must say about this transaction, once all is known. */
function providerShare({ direction, truth, executed }: Model): bigint {
  const sign = direction === 'payout' ? 1n : -1n;
  if (executed === 0 || truth === 'failed' || truth === 'refunded') return 0n;
  return truth === 'other amount' ? sign * (AMOUNT + 700n) : sign * AMOUNT + CHARGE[direction];
}

type Command = fc.AsyncCommand<Model, Real>;
const command = (
  name: string,
  run: (model: Model, real: Real) => Promise<unknown>,
  may = (_: Model) => true,
): Command => ({
  check: (model) => may(model as Model),
  async run(model, real) {
    await run(model, real);
    await hold(model, real);
  },
  toString: () => name,
});
const word = fc.constantFrom;
const COMMANDS = [
  word('worker', 'webhook').map((bell) =>
    command(`${bell} rings`, ({ direction }, { id }) => ring(direction, id, bell)),
  ),
  word(2, 3).map((many) =>
    command(`${many} bells at once`, ({ direction }, { id }) =>
      Promise.all(Array.from({ length: many }, (_, n) => ring(direction, id, n % 2 ? 'webhook' : 'worker'))),
    ),
  ),
  word(0, 0, 0, 2).map((days) => command(`${days || 'no'} days pass`, (_, { id }) => passTime(id, days))),
  word(...(Object.keys(ANSWERS) as Answer[])).map((answer) =>
    command(`sendings end: ${answer}`, async (model) => {
      model.ending = answer;
    }),
  ),
  word(true, false).map((fail) =>
    command(`look-ups ${fail ? 'fail' : 'work'}`, async (model) => {
      model.lookUpsFail = fail;
    }),
  ),
  word(...(Object.keys(CHANGES) as Truth[])).map((truth) =>
    command(
      `the provider says ${truth}`,
      async (model, { id }) => {
        model.says(truth);
        world.provider.rule(id, CHANGES[truth]);
      },
      (model) => model.executed > 0 && NEXT[model.truth].includes(truth),
    ),
  ),
  fc.constant(
    command(
      'the caller cancels',
      (_, { id }) =>
        cancelPayout(world, world.caller, id).catch((error: { code?: string }) => {
          expect(error.code).toBe('conflict');
        }),
      ({ direction }) => direction === 'payout',
    ),
  ),
];

/** The provider is well again and time goes on: everything comes to its end. */
async function quiesce(model: Model, real: Real): Promise<void> {
  model.lookUpsFail = false;
  model.ending = 'accepted';
  for (let round = 0; round < 12; round += 1) {
    await passTime(real.id, 0);
    await ring(model.direction, real.id);
    if (model.executed > 0 && model.truth === 'pending') {
      model.says('successful');
      world.provider.rule(real.id, CHANGES.successful);
    }
    await ring(model.direction, real.id, 'webhook');
  }
  await hold(model, real);
}

const ENDS: Record<Truth, State> = {
  pending: 'submitted',
  successful: 'settled',
  failed: 'failed',
  refunded: 'reversed',
  'other amount': 'in_review',
};

describe('whatever happens to a transaction', () => {
  it.each(['payout', 'collection'] as const)(
    'a %s keeps to its states, adds up, is executed once and ends as the provider says',
    { timeout: PROPERTY_TIMEOUT_MS },
    async (direction) => {
      await fc.assert(
        fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: 25 }), async (commands) => {
          const real = await start(direction);
          const model = new Model(direction);
          scripts.set(real.id, model);
          await fc.asyncModelRun(() => ({ model, real }), commands);
          await quiesce(model, real);
          const state = await stateOf(real.id);
          if (model.executed > 0) expect(state).toBe(ENDS[model.truth]);
          // Never executed: refused, cancelled, or a person is asked because its patience was spent.
          else expect(['failed', 'cancelled', 'in_review']).toContain(state);
          const [{ sum } = { sum: null }] = await world
            .db('postings')
            .join('journal_entries', 'journal_entries.id', 'postings.entry_id')
            .where({ transaction_id: real.id, account_id: 'provider:UGX' })
            .sum({ sum: 'amount' });
          expect(BigInt(sum ?? 0)).toBe(providerShare(model));
        }),
        slowCases(40),
      );
      expect((await verifyLedger(world.db)).problems).toEqual([]);
    },
  );
});
