// Bulks: approving or cancelling all that waits of one.
import type { Context } from '../../context.ts';
import { InvalidRequest, StaleState } from '../../errors.ts';
import { formatAmount } from '../../money.ts';
import { type Awaiting, approveOfBulk, awaitingOfBulk, rejectOfBulk } from '../../payouts/bulk/approve.ts';
import { money, text } from '../panels/cell.ts';
import type { Action, Effect, Outline } from './action.ts';
import { isSame } from './pinned.ts';

async function shown(ctx: Context, bulkId: string, sentence: string): Promise<Effect> {
  const awaiting = await awaitingOfBulk(ctx.db, bulkId);
  const [first] = awaiting;
  if (first === undefined)
    throw new InvalidRequest([], { code: 'nothing_awaits', message: 'No payout of it awaits approval.', status: 409 });
  return {
    sentences: [sentence],
    facts: awaiting.flatMap(({ currency, count, amountMinor }) => [
      [`Payouts in ${currency}`, text(count)] as const,
      [`Together in ${currency}`, money(amountMinor, currency)] as const,
    ]),
    outline: outlineOf(awaiting),
  };
}

const outlineOf = (awaiting: readonly Awaiting[]): Outline =>
  Object.fromEntries(awaiting.map((one) => [one.currency, `${one.count} of ${formatAmount(one.amountMinor)}`]));

type Deciding = Pick<Action, 'name' | 'label' | 'permission' | 'isGrave'> & {
  readonly says: string;
  readonly done: string;
  readonly decide: typeof approveOfBulk;
};

const decision = ({ says, done, decide, ...of }: Deciding): Action => ({
  ...of,
  panel: 'bulks',
  fits: (row) => row['awaits'] === true,
  preview: (ctx, { row }) => shown(ctx, String(row['id']), `Every payout of the bulk that awaits approval ${says}.`),
  async carryOut(ctx, { row, actor, reason, outline }) {
    // Just these: a file that is still being taken in has more and more that awaits approval.
    const awaiting = await awaitingOfBulk(ctx.db, String(row['id']));
    if (!isSame(outlineOf(awaiting), outline))
      throw new StaleState('It has changed since it was shown. Look at it again.');
    const ids = awaiting.flatMap((one) => one.ids);
    const count = await decide(ctx, ids, { ...actor, cause: 'operator', reason });
    return { sentence: `Payouts ${done}: ${count}.` };
  },
});

export const BULK_ACTIONS: readonly Action[] = [
  decision({
    name: 'approve',
    label: 'Approve what waits',
    permission: 'transactions.approve',
    says: 'goes out: at once, or at its scheduled time',
    done: 'approved',
    decide: approveOfBulk,
  }),
  decision({
    name: 'cancel',
    label: 'Cancel what waits',
    permission: 'bulks.cancel',
    isGrave: true,
    says: 'is cancelled, and its money is available again',
    done: 'cancelled',
    decide: rejectOfBulk,
  }),
];
