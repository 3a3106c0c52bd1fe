// Callbacks in every order and number: whatever they claim, the row ends where the provider's own word is.
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectionFlow } from '../../src/collections/flow.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import type { ProviderTransaction } from '../../src/provider/provider.ts';
import { advance } from '../../src/transactions/advance.ts';
import { applyWebhookEvent } from '../../src/webhooks/apply.ts';
import { receiveWebhook } from '../../src/webhooks/receive.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { PROPERTY_TIMEOUT_MS, slowCases } from '../support/properties.ts';
import { createWorld, type World } from '../support/world.ts';

const flows = { payout: payoutFlow, collection: collectionFlow };
const SECRET = 'webhook-secret';
let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { EVERSEND_WEBHOOK_SECRET: SECRET } });
  await world.fund('UGX', 10n ** 12n);
});
afterEach(async () => {
  expect((await verifyLedger(world.db)).problems).toEqual([]);
  await world.close();
});

/** What a callback may claim and a provider may hold to be true, and where a row ends by it. */
const CLAIMS = {
  pending: { change: { status: 'pending' }, end: 'submitted' },
  successful: { change: { status: 'successful' }, end: 'settled' },
  failed: { change: { status: 'failed', reason: 'limit' }, end: 'failed' },
  refunded: { change: { status: 'successful', isRefunded: true }, end: 'reversed' },
} as const satisfies Record<string, { change: Partial<ProviderTransaction>; end: string }>;
type Claim = keyof typeof CLAIMS;
const WORDS = Object.keys(CLAIMS) as Claim[];

/** Every sequence of claims up to a length, repeats included. */
function sequences(length: number): Claim[][] {
  if (length === 0) return [[]];
  const shorter = sequences(length - 1);
  const longest = shorter.filter((one) => one.length === length - 1);
  return [...shorter, ...longest.flatMap((one) => WORDS.map((word) => [...one, word]))];
}

async function newPayout(): Promise<string> {
  const answer = await createPayout(world, world.caller, world.request(), NEW_PAYOUT);
  const id = JSON.parse(answer.body).id;
  await advance(world, payoutFlow, id, { cause: 'worker', actor: 'worker', insists: false });
  return id;
}

let serial = 0;
/** Receives and follows up one callback; `same` repeats the very bytes of another. */
async function callback(reference: string, claim: Claim, same?: number): Promise<void> {
  serial += 1;
  const { status } = CLAIMS[claim].change;
  const isRefunded = claim === 'refunded' ? { isRefunded: true } : {};
  const event = { eventType: 'transaction.payout', transactionRef: reference, status, ...isRefunded };
  const rawBody = Buffer.from(JSON.stringify({ ...event, serial: same ?? serial }));
  const signature = createHmac('sha512', SECRET).update(rawBody).digest('hex');
  await receiveWebhook(world, { rawBody, signature, clientAddress: null });
  const rows = await world.db('webhook_events').where({ reference, state: 'received' }).select('id');
  for (const { id } of rows) await applyWebhookEvent(world, flows, id);
}

const stateOf = async (id: string) => (await world.db('transactions').where({ id }).first('state'))?.state;
const kindsOf = async (id: string): Promise<string[]> =>
  (await world.db('journal_entries').where({ transaction_id: id }).orderBy('id')).map(({ kind }) => kind);

const BOOKED: Record<Claim, string[]> = {
  pending: ['hold'],
  successful: ['hold', 'settle'],
  failed: ['hold', 'release'],
  refunded: ['hold', 'settle', 'reverse'],
};

describe('all orders of pending, successful, failed and refunded up to length four, with repeats', () => {
  it.each(WORDS)('end where a provider that says %s is, booked once', async (truth) => {
    const orders = sequences(4).filter(({ length }) => length > 0);
    expect(orders).toHaveLength(4 + 16 + 64 + 256);
    await Promise.all(
      orders.map(async (order) => {
        const id = await newPayout();
        world.provider.rule(id, CLAIMS[truth].change);
        for (const claim of order) await callback(id, claim);
        expect([order, await stateOf(id)]).toEqual([order, CLAIMS[truth].end]);
        expect([order, await kindsOf(id)]).toEqual([order, BOOKED[truth]]);
      }),
    );
  });
});

describe('a provider that goes on while callbacks come', () => {
  const LIVES: Claim[][] = [
    ['pending'],
    ['successful'],
    ['failed'],
    ['pending', 'successful', 'refunded'],
    ['failed', 'successful'],
    ['failed', 'successful', 'refunded'],
  ];
  const told = fc.record({ claim: fc.constantFrom(...WORDS), repeats: fc.boolean() });
  const life = fc
    .constantFrom(...LIVES)
    .chain((truths) =>
      fc.tuple(...truths.map((truth) => fc.tuple(fc.constant(truth), fc.array(told, { maxLength: 3 })))),
    );

  it('is followed to its newest word by the first callback after it', { timeout: PROPERTY_TIMEOUT_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(life, async (turns) => {
        const id = await newPayout();
        let truth: Claim = 'pending';
        for (const [next, callbacks] of turns) {
          truth = next;
          world.provider.rule(id, CLAIMS[truth].change);
          for (const { claim, repeats } of callbacks) await callback(id, claim, repeats ? 1 : undefined);
        }
        await callback(id, 'successful');
        expect(await stateOf(id)).toBe(CLAIMS[truth].end);
        const kinds = await kindsOf(id);
        for (const kind of ['settle', 'release', 'reverse']) {
          expect(kinds.filter((one) => one === kind).length).toBeLessThanOrEqual(1);
        }
        expect(world.provider.executed.get(id)).toHaveLength(1);
      }),
      slowCases(40),
    );
  });
});
