// I4 and I10: our rows against the provider's own book, which shares nothing with us.
import type pg from 'pg';
import type { Violation } from './violation.ts';

/** What GET /control/book/summary answers, as far as it is used here. Money is decimal text in major units. */
export interface BookSummary {
  readonly references: Readonly<
    Record<
      string,
      {
        executed: number;
        status: string;
        isRefunded: boolean;
        amount: string;
        currency: string;
        moved: string;
        statuses?: string[];
      }
    >
  >;
  readonly currencies: Readonly<Record<string, { balance: string; opening: string; control: string }>>;
}

interface Row {
  readonly id: string;
  readonly type: string;
  readonly state: string;
  readonly currency: string;
  readonly amount: string | null;
  /** What its entries moved on the provider account, negated: what the provider's wallet should have moved. */
  readonly moved: string;
}

const ROWS = `
  SELECT t.id, t.type, t.state, t.currency, t.amount_minor::text AS amount, coalesce((
    SELECT -sum(p.amount) FROM journal_entries e JOIN postings p ON p.entry_id = e.id
    WHERE e.transaction_id = t.id AND p.account_id = 'provider:' || t.currency), 0)::text AS moved
  FROM transactions t`;

// Float that operators recorded is no movement; it says what was there before us.
const CLEARING = `
  SELECT a.currency, (-sum(p.amount))::text AS moved FROM postings p JOIN journal_entries e ON e.id = p.entry_id
    JOIN ledger_accounts a ON a.id = p.account_id WHERE a.kind = 'provider' AND e.kind <> 'float' GROUP BY a.currency`;

/** What the provider's status of an operation makes of our row; nothing else may stand there. */
const STATE_OF: Readonly<Record<string, string>> = { successful: 'settled', failed: 'failed' };

export async function compareWithProvider(client: pg.ClientBase, book: BookSummary): Promise<Violation[]> {
  const found: Violation[] = [];
  const report = (invariant: string, sentence: string) => found.push({ invariant, sentence });
  const { rows } = await client.query<Row>(ROWS);
  const known = new Set(rows.map((row) => row.id));
  for (const [reference, { executed }] of Object.entries(book.references)) {
    if (executed > 1) report('I4', `the provider executed ${reference} ${executed} times`);
    if (!known.has(reference)) report('I10', `the provider executed ${reference}, which we do not know`);
  }
  /** What moved at the provider and waits for a person here, per currency. */
  const unbooked = new Map<string, bigint>();
  for (const row of rows) {
    const theirs = book.references[row.id];
    if (row.state === 'in_review') {
      const missing = minor(theirs?.moved ?? '0') - BigInt(row.moved);
      unbooked.set(row.currency, (unbooked.get(row.currency) ?? 0n) + missing);
      continue;
    }
    const expected =
      theirs === undefined
        ? null
        : theirs.isRefunded && theirs.status === 'successful'
          ? 'reversed'
          : STATE_OF[theirs.status];
    const agrees = expected === null ? row.state === 'failed' || row.state === 'cancelled' : row.state === expected;
    const isReversal = row.state === 'reversed' && theirs?.status === 'failed';
    if (!agrees && !isReversal) {
      report('I10', `${row.id} is ${row.state} with us and ${theirs?.status ?? 'unknown'} with the provider`);
      continue;
    }
    const theirMoved = minor(theirs?.moved ?? '0');
    if (theirMoved !== BigInt(row.moved)) {
      report('I10', `${row.id} moved ${theirMoved} at the provider and ${row.moved} in our book`);
    }
    if (row.state === 'settled' && theirs !== undefined && minor(theirs.amount) !== BigInt(row.amount ?? 0)) {
      report('I10', `${row.id} is for ${row.amount} with us and for ${minor(theirs.amount)} with the provider`);
    }
  }
  const ours = new Map(
    (await client.query<{ currency: string; moved: string }>(CLEARING)).rows.map((row) => [
      row.currency,
      BigInt(row.moved),
    ]),
  );
  for (const [currency, { balance, opening, control }] of Object.entries(book.currencies)) {
    const moved = minor(balance) - minor(opening) - minor(control);
    const booked = (ours.get(currency) ?? 0n) + (unbooked.get(currency) ?? 0n);
    if (moved !== booked)
      report('I10', `the provider's ${currency} wallet moved by ${moved} and our clearing account by ${booked}`);
  }
  return found;
}

/** Hundredths of a major unit, whatever the currency. */
export function minor(major: string): bigint {
  const [, sign = '', whole = '0', cents = ''] = /^(-?)([0-9]+)(?:\.([0-9]{1,2}))?$/.exec(major) ?? [];
  const value = BigInt(whole) * 100n + BigInt(cents.padEnd(2, '0') || 0);
  return sign === '-' ? -value : value;
}
