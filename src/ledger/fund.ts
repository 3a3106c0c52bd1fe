// Money that operators put into the book: what the provider's wallet holds for us, and what a merchant's wallet is given of it.
import type { Trx } from '../db/knex.ts';
import { newId } from '../ids.ts';
import { entry, type NewEntry } from './journal.ts';
import { availableAccount, systemAccount } from './ledger-account.ts';
import { post } from './post.ts';

interface Booking {
  readonly currency: string;
  /** Hundredths of a major unit. */
  readonly amountMinor: bigint;
  readonly reason: string;
  readonly actor: string;
  /** The caller's own name for it, of which there can be only one; left out, one is made. */
  readonly reference?: string;
}

/** capital → wallet available, as an entry about to be posted. */
export function funding(of: Booking & { readonly walletId: string }): NewEntry {
  return booking('fund', of, {
    from: systemAccount('capital', of.currency),
    to: availableAccount(of.walletId),
  });
}

/** Gives the entry's id. Raises StaleState when the reference has been booked already. */
export async function fundWallet(trx: Trx, of: Booking & { readonly walletId: string }): Promise<string> {
  return booked(trx, funding(of));
}

/**
 * provider → capital: the provider's wallet holds this much more for us than the book says; below zero, this much less. Gives the
 * entry's id. Raises StaleState when the reference has been booked already.
 */
export async function recordFloat(trx: Trx, of: Booking): Promise<string> {
  const provider = systemAccount('provider', of.currency);
  const capital = systemAccount('capital', of.currency);
  const isMore = of.amountMinor > 0n;
  const amountMinor = isMore ? of.amountMinor : -of.amountMinor;
  const way = isMore ? { from: provider, to: capital } : { from: capital, to: provider };
  return booked(trx, booking('float', { ...of, amountMinor }, way));
}

function booking(kind: 'fund' | 'float', of: Booking, way: { readonly from: string; readonly to: string }): NewEntry {
  return entry({
    reference: `${kind}:${of.reference ?? newId('journalEntry')}`,
    kind,
    currency: of.currency,
    reason: of.reason,
    actor: of.actor,
    moves: [{ ...way, amountMinor: of.amountMinor }],
  });
}

async function booked(trx: Trx, made: NewEntry): Promise<string> {
  await post(trx, [made]);
  return made.id;
}
