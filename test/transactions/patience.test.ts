// No stranded money: whatever is not final, and older than patience allows, has an open case, whichever way it got stuck.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCollection } from '../../src/collections/create.ts';
import { createPayout } from '../../src/payouts/create.ts';
import type { LookUpEnding, SubmitEnding } from '../../src/provider/provider.ts';
import { advance } from '../../src/transactions/advance.ts';
import { STATE_NAMES, STATES } from '../../src/transactions/states.ts';
import { stumble } from '../../src/transactions/stumble.ts';
import type { TransactionType } from '../../src/transactions/transaction.ts';
import { unattended } from '../../src/transactions/unattended.ts';
import { flows } from '../../workers/webhook.ts';
import { NEW_COLLECTION, NEW_PAYOUT } from '../support/new-payout.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { PROVIDER_BALANCE_TTL_MS: '1', PAYOUT_RESEND_POLICY: 'never' } });
  await world.fund('UGX', 100_000_000n);
});
afterEach(() => world.close());

async function make(type: TransactionType): Promise<string> {
  if (type === 'payout')
    return JSON.parse((await createPayout(world, world.caller, world.request(), NEW_PAYOUT)).body).id;
  const answer = await createCollection(
    world,
    world.caller,
    world.request({ route: 'POST /v1/collections' }),
    NEW_COLLECTION,
  );
  return JSON.parse(answer.body).id;
}
const ring = (id: string, type: TransactionType) =>
  advance(world, flows[type], id, { cause: 'worker', actor: 'worker', insists: false });
const age = () => world.db('transactions').update({ created_at: world.db.raw("now() - interval '30 days'") });
const row = (id: string) => world.db('transactions').where({ id }).first();

const unreachable: SubmitEnding = { kind: 'not_sent', code: 'unreachable', message: 'refused', retryAfterMs: null };
const lost: SubmitEnding = { kind: 'unknown', code: 'timeout', message: 'lost' };
const away: LookUpEnding = { kind: 'unavailable', code: 'timeout', message: 'lost', retryAfterMs: null };

/** How each non-final state is reached, and what keeps it there. */
const WAYS: readonly {
  what: string;
  state: string;
  types: readonly TransactionType[];
  submit?: SubmitEnding;
  lookUp?: LookUpEnding | null;
  broke?: boolean;
  /** Set when our own code fails on every job. */
  bug?: boolean;
}[] = [
  { what: 'cannot be funded', state: 'accepted', types: ['payout'], broke: true },
  { what: 'cannot be reached to be sent', state: 'accepted', types: ['payout', 'collection'], submit: unreachable },
  { what: 'fails in our own code', state: 'accepted', types: ['payout', 'collection'], submit: unreachable, bug: true },
  { what: 'is not found', state: 'submitting', types: ['payout'], submit: lost },
  { what: 'cannot be looked up', state: 'submitting', types: ['payout', 'collection'], submit: lost, lookUp: away },
  { what: 'never ends', state: 'submitted', types: ['payout', 'collection'] },
  { what: 'cannot be looked up', state: 'submitted', types: ['payout', 'collection'], lookUp: away },
  { what: 'is lost by the provider', state: 'submitted', types: ['payout'], lookUp: { kind: 'not_found' } },
];

it('covers every state in which something may wait', () => {
  const waiting = STATE_NAMES.filter((state) => !STATES[state].final && state !== 'in_review');
  // Nothing waits for an approval that no route can ask for.
  expect(new Set(WAYS.map((way) => way.state))).toEqual(
    new Set(waiting.filter((state) => state !== 'awaiting_approval')),
  );
});

it.each(WAYS.flatMap((way) => way.types.map((type) => ({ ...way, type }))))(
  'a $type that is $state and $what has a case once patience is spent',
  async ({ type, state, submit, lookUp = null, broke = false, bug = false }) => {
    if (submit !== undefined) world.provider.onSubmit = () => submit;
    if (broke) world.provider.wallets = async () => [];
    const id = await make(type);
    await ring(id, type);
    expect((await row(id)).state).toBe(state);
    world.provider.onLookUp = () => lookUp;
    await age();
    expect((await unattended(world.db, world.config)).map((one) => one.id)).toEqual([id]);
    for (let round = 0; round < (bug ? 10 : 1); round += 1) {
      await world.makeDue();
      if (bug) await stumble(world, id, new Error('a bug'));
      else await ring(id, type);
    }
    expect((await row(id)).state).toBe('in_review');
    expect(await unattended(world.db, world.config)).toEqual([]);
    const [question] = await world.db('cases').where({ subject: id });
    expect(question).toMatchObject({ owner: 'operations', currency: 'UGX', resolved_at: null });
    expect(question.amount_minor).toBe(type === 'payout' ? 100_000n : 200_000n);
    expect(Object.keys(question.evidence).length).toBeGreaterThan(1);
    // It is looked at again and again, and stays one question.
    await world.makeDue();
    await ring(id, type);
    expect(await world.db('cases').where({ subject: id })).toHaveLength(1);
  },
);
