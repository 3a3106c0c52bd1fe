// One transaction with all that is known of it, for operators: its row and its timeline; personal data masked.
import type { Db } from '../db/knex.ts';
import { NotFound } from '../errors.ts';
import { maskAccount } from '../merchants/mask.ts';
import { accountOf, openPerson } from '../merchants/person.ts';
import { formatAmount } from '../money.ts';
import type { Vault } from '../vault.ts';
import type { Case } from './case.ts';
import { readTimeline } from './timeline.ts';
import { Transaction } from './transaction.ts';
import { viewTransaction } from './view.ts';

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
    timeline: (await readTimeline(db, id)).map(({ at, detail, ...moment }) => ({
      at: at.toISOString(),
      ...moment,
      detail: inMajorUnits(detail) as Record<string, unknown>,
    })),
  };
}

/** `amountMinor: "100000"`, wherever it stands, as `amount: "1000"`; what is not known is left out. */
function inMajorUnits(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inMajorUnits);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([name, one]) =>
        name.endsWith('Minor') && typeof one === 'string' && /^-?[0-9]+$/.test(one)
          ? [name.slice(0, -'Minor'.length), formatAmount(BigInt(one))]
          : [name, inMajorUnits(one)],
      ),
  );
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
