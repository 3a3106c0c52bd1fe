// Journal entries and their postings as values, and the row classes for reading them back.
import { BaseModel } from '../db/base-model.ts';
import { type Db, runAlone } from '../db/knex.ts';
import { InvariantBroken } from '../errors.ts';
import { newId } from '../ids.ts';

/** An amount of one currency that goes from one ledger account to another: lowers the first, raises the second. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly amountMinor: bigint;
}

/** An entry about to be posted: balanced by construction, since it is made of moves. */
export interface NewEntry {
  readonly id: string;
  /** Unique for ever: the transaction and the step, such as `po01J…:hold`. The database refuses the second attempt. */
  readonly reference: string;
  readonly kind: string;
  readonly currency: string;
  readonly transactionId: string | null;
  readonly reason: string | null;
  readonly actor: string;
  readonly postings: readonly (readonly [accountId: string, amountMinor: bigint])[];
}

/**
 * Makes an entry from moves. Moves of zero vanish and postings on the same account are added up.
 * Raises InvariantBroken for a negative move or an entry that would be empty.
 */
export function entry(of: {
  reference: string;
  kind: string;
  currency: string;
  transactionId?: string;
  reason?: string;
  actor: string;
  moves: readonly Move[];
}): NewEntry {
  const sums = new Map<string, bigint>();
  for (const move of of.moves) {
    if (move.amountMinor < 0n) throw new InvariantBroken(`a move of ${of.reference} is negative`);
    sums.set(move.from, (sums.get(move.from) ?? 0n) - move.amountMinor);
    sums.set(move.to, (sums.get(move.to) ?? 0n) + move.amountMinor);
  }
  const postings = [...sums].filter(([, amount]) => amount !== 0n);
  if (postings.length < 2) throw new InvariantBroken(`the entry ${of.reference} moves nothing`);
  return {
    id: newId('journalEntry'),
    reference: of.reference,
    kind: of.kind,
    currency: of.currency,
    transactionId: of.transactionId ?? null,
    reason: of.reason ?? null,
    actor: of.actor,
    postings,
  };
}

const IS_POSTED = { name: 'entry_is_posted', text: 'SELECT 1 FROM journal_entries WHERE reference = $1' };

/** Whether an entry with that reference is in the book. */
export async function isPosted(db: Db, reference: string): Promise<boolean> {
  return (await runAlone(db, IS_POSTED, [reference])).length > 0;
}

export class JournalEntry extends BaseModel {
  static override tableName = 'journal_entries';
  declare id: string;
  declare reference: string;
  declare kind: string;
  declare currency: string;
  declare transactionId: string | null;
  declare reason: string | null;
  declare actor: string;
  declare postedAt: Date;
}

export class Posting extends BaseModel {
  static override tableName = 'postings';
  static override idColumn = ['entry_id', 'line'];
  declare entryId: string;
  declare line: number;
  declare id: bigint;
  declare accountId: string;
  declare amount: bigint;
  declare balanceAfter: bigint | null;
}
