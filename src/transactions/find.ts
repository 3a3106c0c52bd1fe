// Reading transactions as their merchant: one by id, and lists by filters, newest first, by cursor.
import type { Context } from '../context.ts';
import type { Db } from '../db/knex.ts';
import { InvalidRequest, NotFound } from '../errors.ts';
import { openPerson } from '../merchants/person.ts';
import type { State } from './states.ts';
import { Transaction, type TransactionType } from './transaction.ts';
import { viewTransaction } from './view.ts';

export type TransactionView = ReturnType<typeof viewTransaction>;
type Row = Transaction & { owner: string; sealed: Buffer | null };

const view = (ctx: Context, row: Row) =>
  viewTransaction(row, { owner: row.owner, person: openPerson(ctx.vault, row.sealed) });

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

export interface TransactionFilters {
  readonly type?: TransactionType;
  readonly status?: State;
  readonly currency?: string;
  /** Only this owner's wallets. */
  readonly owner?: string;
  readonly reference?: string;
  /** Only those with a scheduled time, or only those without. */
  readonly scheduled?: boolean;
  /** Only refunds of this collection. */
  readonly refundOf?: string;
  /** Created at or after. */
  readonly from?: Date;
  /** Created before. */
  readonly to?: Date;
  readonly limit: number;
  readonly cursor?: string;
}

/** One page, newest first. Raises InvalidRequest for a cursor that is not ours. */
export async function listTransactions(
  ctx: Context,
  merchantId: string,
  filters: TransactionFilters,
): Promise<{ data: TransactionView[]; nextCursor: string | null }> {
  const query = whole(ctx.db)
    .where('transactions.merchant_id', merchantId)
    .orderBy([
      { column: 'transactions.created_at', order: 'desc' },
      { column: 'transactions.id', order: 'desc' },
    ])
    .limit(filters.limit + 1);
  if (filters.type !== undefined) query.where('transactions.type', filters.type);
  if (filters.status !== undefined) query.where('transactions.state', filters.status);
  if (filters.currency !== undefined) query.where('transactions.currency', filters.currency);
  if (filters.owner !== undefined) query.where('wallets.owner', filters.owner);
  if (filters.reference !== undefined) query.where('transactions.reference', filters.reference);
  if (filters.scheduled === true) query.whereNotNull('transactions.scheduled_at');
  if (filters.scheduled === false) query.whereNull('transactions.scheduled_at');
  if (filters.refundOf !== undefined) query.where('transactions.refund_of', filters.refundOf);
  if (filters.from !== undefined) query.where('transactions.created_at', '>=', filters.from);
  if (filters.to !== undefined) query.where('transactions.created_at', '<', filters.to);
  if (filters.cursor !== undefined)
    query.whereRaw('(transactions.created_at, transactions.id) < (?, ?)', after(filters.cursor));
  const rows = await query
    .select(
      ctx.db.raw(`to_char(transactions.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS position`),
    )
    .castTo<(Row & { position: string })[]>();
  const page = rows.slice(0, filters.limit);
  const last = page.at(-1);
  return {
    data: page.map((row) => view(ctx, row)),
    nextCursor:
      rows.length > filters.limit && last ? Buffer.from(`${last.position} ${last.id}`).toString('base64url') : null,
  };
}

/** Positions carry microseconds, as stored: two rows of one millisecond must not be lost between pages. */
function after(cursor: string): [string, string] {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ((?:po|co)[0-9A-Z]{26})$/.exec(
    Buffer.from(cursor, 'base64url').toString(),
  );
  if (match?.[1] === undefined || match[2] === undefined || Number.isNaN(Date.parse(match[1]))) {
    throw InvalidRequest.field(
      'cursor',
      'invalid_cursor',
      'The cursor is not one of ours. Take nextCursor of the page before.',
    );
  }
  return [match[1], match[2]];
}
