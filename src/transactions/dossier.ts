// One transaction with all that is known of it, for operators: row, history, attempts, cases and entries; personal data masked.
import type { Db } from '../db/knex.ts';
import { NotFound } from '../errors.ts';
import { maskAccount } from '../merchants/mask.ts';
import { accountOf, openPerson } from '../merchants/person.ts';
import { formatAmount } from '../money.ts';
import type { Vault } from '../vault.ts';
import { Attempt } from './attempt.ts';
import { Case } from './case.ts';
import { Transaction } from './transaction.ts';
import { viewTransaction } from './view.ts';

interface HistoryRow {
  readonly at: Date;
  readonly from: string | null;
  readonly to: string;
  readonly cause: string;
  readonly actor: string;
  readonly attempt: number;
  readonly note: string | null;
}

interface EntryRow {
  readonly id: string;
  readonly reference: string;
  readonly kind: string;
  readonly actor: string;
  readonly postedAt: Date;
  readonly postings: readonly { readonly account: string; readonly amount: string }[];
}

const HISTORY = `
  SELECT at, from_state AS "from", to_state AS "to", cause, actor, attempt, note FROM transaction_history
  WHERE transaction_id = ? ORDER BY id`;

// Amounts travel as text: a JSON number would be a float. References begin with their transaction and are unique: there is an index.
const ENTRIES = `
  SELECT e.id, e.reference, e.kind, e.actor, e.posted_at AS "postedAt",
    json_agg(json_build_object('account', p.account_id, 'amount', p.amount::text) ORDER BY p.line) AS postings
  FROM journal_entries e JOIN postings p ON p.entry_id = e.id
  WHERE e.reference >= ? || ':' AND e.reference < ? || ';' GROUP BY e.id ORDER BY min(p.id)`;

export type Dossier = Awaited<ReturnType<typeof readDossier>>;

/** Raises NotFound. Amounts are decimal strings, the account is masked, names and e-mail addresses are left out. */
export async function readDossier(db: Db, vault: Vault, id: string) {
  const row = await Transaction.query(db)
    .join('wallets', 'wallets.id', 'transactions.wallet_id')
    .leftJoin('personal_data', 'personal_data.subject_id', 'transactions.id')
    .select('transactions.*', 'wallets.owner', 'personal_data.sealed')
    .findById(id)
    .castTo<(Transaction & { owner: string; sealed: Buffer | null }) | undefined>();
  if (row === undefined) throw new NotFound(`There is no transaction ${id}.`);
  const person = openPerson(vault, row.sealed);
  const account = person === null ? null : accountOf(person);
  const history = (await db.raw<{ rows: HistoryRow[] }>(HISTORY, [id])).rows;
  const entries = (await db.raw<{ rows: EntryRow[] }>(ENTRIES, [id, id])).rows;
  const attempts = await Attempt.query(db).where('transaction_id', id).orderBy('number');
  const cases = await Case.query(db).where('transaction_id', id).orderBy('opened_at');
  return {
    transaction: {
      ...viewTransaction(row, { person: null, owner: row.owner }),
      accountNumber: account === null ? null : maskAccount(account),
      merchantId: row.merchantId,
      held: formatAmount(row.heldMinor),
      feeScheduleId: row.feeScheduleId,
      attemptNo: row.attemptNo,
      dueAt: row.dueAt?.toISOString() ?? null,
      actor: row.actor,
      clientAddress: row.clientAddress,
    },
    history: history.map((step) => ({ ...step, at: step.at.toISOString() })),
    attempts: attempts.map((attempt) => ({
      number: attempt.number,
      openedAt: attempt.openedAt.toISOString(),
      quotationExpiresAt: attempt.quotationExpiresAt?.toISOString() ?? null,
      hint: attempt.hint,
      lookUps: attempt.lookUps,
      negatives: attempt.negatives,
      verdict: attempt.verdict,
      evidence: attempt.evidence,
      closedAt: attempt.closedAt?.toISOString() ?? null,
    })),
    cases: cases.map(viewCase),
    entries: entries.map((entry) => ({
      id: entry.id,
      reference: entry.reference,
      kind: entry.kind,
      actor: entry.actor,
      postedAt: entry.postedAt.toISOString(),
      postings: entry.postings.map(({ account, amount }) => ({ account, amount: formatAmount(BigInt(amount)) })),
    })),
  };
}

/** A case as operators see it. */
export function viewCase(of: Case) {
  return {
    id: of.id,
    kind: of.kind,
    subject: of.subject,
    transactionId: of.transactionId,
    owner: of.owner,
    currency: of.currency,
    amount: of.amountMinor === null ? null : formatAmount(of.amountMinor),
    evidence: of.evidence,
    openedAt: of.openedAt.toISOString(),
    age: ageOf(of),
    resolvedAt: of.resolvedAt?.toISOString() ?? null,
    resolvedBy: of.resolvedBy,
    resolution: of.resolution,
  };
}

/** How long it was open, or has been until now, such as `3 d 4 h`. */
function ageOf(of: Case): string {
  const minutes = Math.max(0, Math.floor(((of.resolvedAt ?? new Date()).getTime() - of.openedAt.getTime()) / 60_000));
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
