// The only writer of postings.
import { run, type Trx, violatedUnique } from '../db/knex.ts';
import { InvariantBroken, Refused, StaleState } from '../errors.ts';
import type { NewEntry } from './journal.ts';

const POST = { name: 'post_entries', text: 'SELECT post_entries($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)' };

/**
 * Posts entries in the given order, all or none, inside the caller's database transaction. Wallet accounts are locked in id order
 * and guarded in the write itself. Raises InvariantBroken for an entry that does not balance, Refused `insufficient_funds`,
 * and StaleState when a reference has been posted already; then the database transaction can only be rolled back.
 */
export async function post(trx: Trx, entries: readonly NewEntry[]): Promise<void> {
  if (entries.length === 0) return;
  try {
    await run(trx, POST, columnsOf(entries));
  } catch (error) {
    throw postProblem(error);
  }
}

/**
 * Entries and their lines by columns, as `post_entries` and whatever calls it take them. Amounts travel as decimal strings, never
 * as floats. Raises InvariantBroken for an entry that does not balance.
 */
export function columnsOf(entries: readonly NewEntry[]): unknown[] {
  for (const entry of entries) {
    const sum = entry.postings.reduce((total, [, amount]) => total + amount, 0n);
    if (sum !== 0n) throw new InvariantBroken(`the entry ${entry.reference} does not balance`);
  }
  const lines = entries.flatMap(({ id, postings }) => postings.map(([account, amount]) => ({ id, account, amount })));
  return [
    entries.map((entry) => entry.id),
    entries.map((entry) => entry.reference),
    entries.map((entry) => entry.kind),
    entries.map((entry) => entry.currency),
    entries.map((entry) => entry.transactionId),
    entries.map((entry) => entry.reason),
    entries.map((entry) => entry.actor),
    lines.map((line) => line.id),
    lines.map((line) => line.account),
    lines.map((line) => line.amount.toString()),
  ];
}

/** What an error of a posting call means: Refused, StaleState, or the error itself when it is about something else. */
export function postProblem(error: unknown): unknown {
  const { constraint } = error as { constraint?: string };
  if (constraint === 'wallets_cover_their_debits' || constraint === 'ledger_accounts_balance_check') {
    return new Refused('insufficient_funds', 'The wallet does not cover the amount and the fee.', 'amount');
  }
  if (violatedUnique(error) === 'journal_entries_reference_key')
    return new StaleState('This step has been booked already.');
  return error;
}
