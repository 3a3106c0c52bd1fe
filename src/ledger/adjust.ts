// Entries that a person decides on: any amount from one account to another, except what the machine itself counts.
import { InvalidRequest, Refused } from '../errors.ts';
import { entry, type NewEntry } from './journal.ts';

/** An account as far as an adjusting entry needs to know it. */
export interface Adjusted {
  readonly id: string;
  readonly kind: string;
  readonly currency: string;
}

/**
 * The entry that takes an amount from one account to another. Raises InvalidRequest for two currencies or one account, and Refused
 * `held_money` for what is set aside: it belongs to payouts under way, and the book is checked against them.
 */
export function adjusting(of: {
  readonly reference: string;
  readonly from: Adjusted;
  readonly to: Adjusted;
  readonly amountMinor: bigint;
  readonly reason: string;
  readonly actor: string;
}): NewEntry {
  const { reference, from, to, amountMinor, reason, actor } = of;
  if (from.id === to.id) throw InvalidRequest.field('to', 'same_account', 'To: give another account than this one.');
  if (from.currency !== to.currency)
    throw InvalidRequest.field(
      'to',
      'other_currency',
      `To: that account is in ${to.currency}, this one in ${from.currency}.`,
    );
  if (from.kind === 'wallet_held' || to.kind === 'wallet_held')
    throw new Refused(
      'held_money',
      'What is set aside belongs to payouts under way. Cancel them, or decide their cases.',
      'to',
    );
  return entry({
    reference: `adjust:${reference}`,
    kind: 'adjust',
    currency: from.currency,
    reason,
    actor,
    moves: [{ from: from.id, to: to.id, amountMinor }],
  });
}
