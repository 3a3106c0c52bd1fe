// Reading a transaction as its merchant: whole, or not there.
import type { Context } from '../context.ts';
import type { Db } from '../db/knex.ts';
import { NotFound } from '../errors.ts';
import { openPerson } from '../merchants/person.ts';
import { Transaction, type TransactionType } from './transaction.ts';
import { viewTransaction } from './view.ts';

export type TransactionView = ReturnType<typeof viewTransaction>;
type Row = Transaction & { owner: string; sealed: Buffer | null };

const view = (ctx: Context, row: Row) =>
  viewTransaction(row, { owner: row.owner, person: openPerson(ctx.vault, row.sealed) });

/** A transaction's row with what stands beside it, as Postgres gives it. */
export type TransactionRecord = Readonly<Record<string, unknown>>;

export function viewRecord(ctx: Context, record: TransactionRecord): TransactionView {
  return view(ctx, Transaction.fromDatabaseJson({ ...record }) as unknown as Row);
}

const whole = (db: Db) =>
  Transaction.query(db)
    .join('wallets', 'wallets.id', 'transactions.wallet_id')
    .leftJoin('personal_data', 'personal_data.subject_id', 'transactions.id')
    .select('transactions.*', 'wallets.owner', 'personal_data.sealed');

/** Raises NotFound: what belongs to another merchant is not there. */
export async function findTransaction(
  ctx: Context,
  merchantId: string,
  id: string,
  type?: TransactionType,
): Promise<TransactionView> {
  const row = await whole(ctx.db)
    .findOne({
      'transactions.id': id,
      'transactions.merchant_id': merchantId,
      ...(type ? { 'transactions.type': type } : {}),
    })
    .castTo<Row | undefined>();
  if (row === undefined) throw new NotFound();
  return view(ctx, row);
}
