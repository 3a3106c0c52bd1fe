// What operators do with payments: look again, cancel, approve, replay webhook events, see who was paid.
import { audit } from '../../audit/audit.ts';
import { collectionFlow } from '../../collections/flow.ts';
import { inTransaction, runAlone } from '../../db/knex.ts';
import { NotFound } from '../../errors.ts';
import { openPerson, type Person } from '../../merchants/person.ts';
import { approve } from '../../payouts/approve.ts';
import { cancel, cancelling } from '../../payouts/cancel.ts';
import { payoutFlow } from '../../payouts/flow.ts';
import { advance } from '../../transactions/advance.ts';
import type { Flows } from '../../transactions/propose.ts';
import { isFinal, mayMove, type State } from '../../transactions/states.ts';
import { load, type TransactionType } from '../../transactions/transaction.ts';
import { replayWebhookEvent } from '../../webhooks/replay.ts';
import { code, money, text } from '../panels/cell.ts';
import { stateOf } from '../panels/vocabulary.ts';
import type { Action, Ordered } from './action.ts';
import { pinned } from './pinned.ts';

export const flows: Flows = { payout: payoutFlow, collection: collectionFlow };
const idOf = ({ row }: Pick<Ordered, 'row'>) => String(row['id']);
const inState = (row: Record<string, unknown>) => row['state'] as State;

export const lookAgain: Action = {
  name: 'look-again',
  panel: 'transactions',
  label: 'Look again',
  permission: 'transactions.look_again',
  fits: (row) => !['awaiting_approval', 'reversed'].includes(inState(row)),
  preview: async (_ctx, { row }) => ({
    sentences: [
      'The provider is asked for this transaction now, whatever its next date says, and what it answers is what happens.',
      isFinal(inState(row))
        ? 'It has ended already: a return or a late success would be found by this.'
        : 'Nothing is sent by this: only asked.',
    ],
    facts: [['State now', stateOf(inState(row))]],
    outline: { 'State now': inState(row) },
  }),
  async carryOut(ctx, of) {
    const id = idOf(of);
    const deed = { ...of.actor, action: 'transactions.look_again', subject: id, reason: of.reason };
    await inTransaction(ctx.db, (trx) => audit(trx, deed));
    const flow = flows[of.row['type'] as TransactionType];
    const ending = await advance(ctx, flow, id, { cause: 'operator', actor: of.actor.actor, insists: true });
    const { transaction } = await load(ctx, id);
    const state = transaction.state.replaceAll('_', ' ');
    if (ending === 'moved') return { sentence: `The provider was asked, and it moved: it is ${state} now.` };
    return { sentence: `The provider was asked, and nothing changed: it is ${state}.` };
  },
};

export const cancelPayout: Action = {
  name: 'cancel',
  panel: 'transactions',
  label: 'Cancel',
  permission: 'transactions.cancel',
  isGrave: true,
  fits: (row) => row['type'] === 'payout' && mayMove(inState(row), 'cancelled'),
  async preview(ctx, of) {
    const { transaction } = await load(ctx, idOf(of));
    const entries = cancelling(transaction, of.actor.actor);
    return {
      sentences: ['The payout ends here and is never sent. What was set aside for it goes back to the wallet.'],
      entries,
      outline: { 'State now': transaction.state, Attempts: String(transaction.attemptNo), ...pinned(entries) },
    };
  },
  async carryOut(ctx, of) {
    await cancel(ctx, idOf(of), { ...of.actor, cause: 'operator', reason: of.reason });
    return { sentence: 'The payout is cancelled, and its money is available again.' };
  },
};

export const approvePayout: Action = {
  name: 'approve',
  panel: 'transactions',
  label: 'Approve',
  permission: 'transactions.approve',
  fits: (row) => inState(row) === 'awaiting_approval',
  preview: async (_ctx, { row }) => ({
    sentences: [
      'The payout is above the limit of its merchant, and goes out with this: at once, or at its scheduled time.',
    ],
    facts: [
      ['Amount', money((row['amountMinor'] ?? row['maxAmountMinor']) as bigint, String(row['currency']))],
      ['To', code(row['account'] as string | null)],
    ],
    outline: { Amount: `${row['amountMinor']} ${row['maxAmountMinor']}` },
  }),
  async carryOut(ctx, of) {
    await approve(ctx, idOf(of), { ...of.actor, cause: 'operator', reason: of.reason });
    return { sentence: 'The payout is approved.' };
  },
};

export const replayEvent: Action = {
  name: 'replay',
  panel: 'webhook-events',
  label: 'Follow up again',
  permission: 'webhook_events.replay',
  fits: (row) => row['state'] === 'applied' || row['state'] === 'unknown',
  preview: async (_ctx, { row }) => ({
    sentences: [
      'The event is followed up as if it had just come: the provider is asked for its transaction, and what it answers is what happens.',
    ],
    outline: { 'State now': String(row['state']) },
  }),
  async carryOut(ctx, of) {
    const id = idOf(of);
    const bell = await inTransaction(ctx.db, async (trx) => {
      const next = await replayWebhookEvent(trx, id);
      await audit(trx, { ...of.actor, action: 'webhook_events.replay', subject: id, reason: of.reason });
      return next;
    });
    ctx.queues.ring([bell]);
    return { sentence: 'The event is due again; a worker follows it up at once.' };
  },
};

const SEALED = { name: 'sealed_person', text: 'SELECT sealed FROM personal_data WHERE subject_id = $1' };

function partsOf(person: Person) {
  const { firstName, lastName, phone, email, tag, bankCode, bankName, accountName, accountNumber, customer } = person;
  return [
    ['Name', text([firstName, lastName].filter(Boolean).join(' '))],
    ['Phone', code(phone)],
    ['E-mail address', code(email)],
    ['Tag', code(tag)],
    ['Bank', text([bankName, bankCode].filter(Boolean).join(' '))],
    ['Account', code(accountNumber)],
    ['Account name', text(accountName)],
    ['Customer', text([customer?.name, customer?.email].filter(Boolean).join(' '))],
  ] as const;
}

const reveal = (panel: 'transactions' | 'beneficiaries'): Action => ({
  name: 'reveal',
  panel,
  label: 'Reveal personal data',
  permission: 'personal_data.reveal',
  fits: (row) => row['sealed'] !== null,
  preview: async () => ({
    sentences: [
      'Names, phone and account are shown once, in clear. That you looked, and why, stands in the audit log.',
    ],
    outline: {},
  }),
  async carryOut(ctx, of) {
    const id = idOf(of);
    const [row] = await runAlone<{ sealed: Buffer | null }>(ctx.db, SEALED, [id]);
    const person = openPerson(ctx.vault, row?.sealed ?? null);
    if (person === null) throw new NotFound('The personal data have been erased.');
    const deed = { ...of.actor, action: 'personal_data.reveal', subject: id, reason: of.reason };
    await inTransaction(ctx.db, (trx) => audit(trx, deed));
    return { sentence: 'This is shown once.', shownOnce: partsOf(person) };
  },
});

export const PAYMENT_ACTIONS: readonly Action[] = [
  lookAgain,
  approvePayout,
  cancelPayout,
  reveal('transactions'),
  reveal('beneficiaries'),
  replayEvent,
];
