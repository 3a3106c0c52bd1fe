// Lists of a merchant's transactions by filters, newest first: by the index that fits best, and never further than a page is worth.
import type { Context } from '../context.ts';
import { type Db, runAlone } from '../db/knex.ts';
import { InvalidRequest } from '../errors.ts';
import { accountFingerprints } from '../merchants/person.ts';
import type { Method } from '../provider/provider.ts';
import { type TransactionRecord, type TransactionView, viewRecord } from './find.ts';
import type { State } from './states.ts';
import type { TransactionType } from './transaction.ts';

export interface TransactionFilters {
  readonly type?: TransactionType;
  readonly status?: State;
  readonly currency?: string;
  readonly country?: string;
  readonly method?: Method;
  /** Only this owner's wallets. */
  readonly owner?: string;
  readonly reference?: string;
  /** Phone, bank account, e-mail or tag, whole. */
  readonly accountNumber?: string;
  readonly providerTransactionId?: string;
  readonly bulkId?: string;
  /** Only those with a scheduled time, or only those without. */
  readonly scheduled?: boolean;
  /** Only refunds of this collection. */
  readonly refundOf?: string;
  /** Hundredths of `currency`, both included. */
  readonly minAmountMinor?: bigint;
  readonly maxAmountMinor?: bigint;
  /** Created at or after. */
  readonly from?: Date;
  /** Created before. */
  readonly to?: Date;
  readonly limit: number;
  readonly cursor?: string;
}

/** Rows looked at for one page. Where filters keep fewer of them than asked for, the page is short and its cursor leads on. */
const MOST_SCANNED = 20_000;

/** States that few rows are in, and stay in: they have an index of their own (transactions_by_rare_state). */
const RARE: ReadonlySet<State | undefined> = new Set<State>([
  'awaiting_approval',
  'in_review',
  'failed',
  'cancelled',
  'reversed',
]);

const NEWEST_FIRST = 'ORDER BY t.created_at DESC, t.id DESC';
const POSITION = `to_char(t.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || ' ' || t.id`;

/** A query as text and values, as it grows. */
class Query {
  readonly values: unknown[] = [];
  /** The parameter that stands for a value. */
  $(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** The statement that gives a page, and the one that gives the place where its scan ended. Exported for the test of their plans. */
export function listQueries(
  ctx: Context,
  of: {
    readonly merchantId: string;
    readonly walletIds: readonly string[] | null;
    readonly filters: TransactionFilters;
  },
) {
  const { filters } = of;
  const query = new Query();
  const scanned = scan(ctx, query, of);
  const scanValues = [...query.values];
  const kept = ([column, value]: readonly [string, unknown]) => `${column} ${query.$(value)}`;
  const conditions: (readonly [string, unknown])[] = [
    ['t.type =', filters.type],
    ['t.state =', filters.status],
    ['t.currency =', filters.currency],
    ['t.country =', filters.country],
    ['t.method =', filters.method],
    ['t.reference =', filters.reference],
    ['t.wallet_id = ANY', of.walletIds === null ? undefined : of.walletIds],
    ['t.amount_minor >=', filters.minAmountMinor?.toString()],
    ['t.amount_minor <=', filters.maxAmountMinor?.toString()],
  ];
  const given = conditions.filter(([, value]) => value !== undefined);
  const where = given.map((each) => kept(each).replace(/ANY (\$\d+)/, 'ANY($1)'));
  if (filters.scheduled !== undefined) where.push(`t.scheduled_at IS ${filters.scheduled ? 'NOT NULL' : 'NULL'}`);
  const page = `
    SELECT t.*, w.owner, p.sealed, ${POSITION} AS position
    FROM (${scanned} LIMIT ${MOST_SCANNED}) t
      JOIN wallets w ON w.id = t.wallet_id LEFT JOIN personal_data p ON p.subject_id = t.id
    ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`} ${NEWEST_FIRST} LIMIT ${filters.limit + 1}`;
  const end = `SELECT ${POSITION} AS position FROM (${scanned} LIMIT 1 OFFSET ${MOST_SCANNED - 1}) t`;
  return { page: { text: page, values: query.values }, end: { text: end, values: scanValues } };
}

/** Rows in order by whatever index leaves the fewest; the other filters are applied to what it gives. */
function scan(
  ctx: Context,
  query: Query,
  of: { merchantId: string; walletIds: readonly string[] | null; filters: TransactionFilters },
): string {
  const { filters, walletIds } = of;
  const isNamed = [filters.providerTransactionId, filters.accountNumber, filters.bulkId, filters.refundOf].some(
    (each) => each !== undefined,
  );
  // As an expression no index knows it: rows that are found by name are not to be looked for in the merchant's list.
  const window = [`${isNamed ? "(t.merchant_id || '')" : 't.merchant_id'} = ${query.$(of.merchantId)}`];
  if (filters.from !== undefined) window.push(`t.created_at >= ${query.$(filters.from)}`);
  if (filters.to !== undefined) window.push(`t.created_at < ${query.$(filters.to)}`);
  if (filters.cursor !== undefined) {
    const [at, id] = after(filters.cursor);
    window.push(`(t.created_at, t.id) < (${query.$(at)}::timestamptz, ${query.$(id)})`);
  }
  const from = (tables: string, ...more: string[]) =>
    `SELECT t.* FROM ${tables} WHERE ${[...window, ...more].join(' AND ')} ${NEWEST_FIRST}`;

  const named: string[] = [];
  if (filters.providerTransactionId !== undefined)
    named.push(`SELECT id FROM transactions WHERE provider_transaction_id = ${query.$(filters.providerTransactionId)}`);
  if (filters.accountNumber !== undefined) {
    const hashes = query.$(accountFingerprints(ctx.vault, filters.accountNumber));
    named.push(`SELECT subject_id AS id FROM personal_data WHERE account_hash = ANY(${hashes}) AND merchant_id = $1`);
  }
  if (filters.bulkId !== undefined)
    named.push(
      `SELECT payout_id AS id FROM bulk_rows WHERE bulk_id = ${query.$(filters.bulkId)} AND payout_id IS NOT NULL`,
    );
  if (filters.refundOf !== undefined)
    named.push(`SELECT id FROM transactions WHERE refund_of = ${query.$(filters.refundOf)}`);
  if (named.length > 0) {
    // Found first and then looked up: the planner would rather read the list and hope.
    const tables = named.map((text, at) => `(${text} OFFSET 0) n${at}`);
    const same = named.map((_, at) => `t.id = n${at}.id`);
    return from([...tables, 'transactions t'].join(', '), ...same);
  }
  if (filters.reference !== undefined) return from('transactions t', `t.reference = ${query.$(filters.reference)}`);
  if (walletIds !== null) {
    const branches = walletIds.map(
      (id) => `(${from('transactions t', `t.wallet_id = ${query.$(id)}`)} LIMIT ${MOST_SCANNED})`,
    );
    return `SELECT t.* FROM (${branches.join(' UNION ALL ')}) t ${NEWEST_FIRST}`;
  }
  // Written out, since a parameter would not tell the planner that the index knows it.
  if (RARE.has(filters.status)) return from('transactions t', `t.state = '${filters.status}'`);
  return from('transactions t');
}

/** One page. Raises InvalidRequest for a cursor that is not ours. */
export async function listTransactions(
  ctx: Context,
  merchantId: string,
  filters: TransactionFilters,
): Promise<{ data: TransactionView[]; nextCursor: string | null }> {
  const walletIds =
    filters.owner === undefined ? null : await walletsOf(ctx.db, merchantId, filters.owner, filters.currency);
  if (walletIds?.length === 0) return { data: [], nextCursor: null };
  const { page, end } = listQueries(ctx, { merchantId, walletIds, filters });
  const rows = await ask<TransactionRecord & { position: string }>(ctx.db, page);
  const data = rows.slice(0, filters.limit).map((row) => viewRecord(ctx, row));
  const last =
    rows.length > filters.limit ? rows.at(filters.limit - 1) : (await ask<{ position: string }>(ctx.db, end))[0];
  return { data, nextCursor: last === undefined ? null : Buffer.from(last.position).toString('base64url') };
}

const WALLETS = {
  name: 'wallets_of_an_owner',
  text: 'SELECT id FROM wallets WHERE merchant_id = $1 AND owner = $2 AND ($3::text IS NULL OR currency = $3)',
};

async function walletsOf(db: Db, merchantId: string, owner: string, currency: string | undefined) {
  const wallets = await runAlone<{ id: string }>(db, WALLETS, [merchantId, owner, currency ?? null]);
  return wallets.map(({ id }) => id);
}

/** Without a name: there are as many of these statements as combinations of filters. */
function ask<Row>(db: Db, { text, values }: { text: string; values: unknown[] }): Promise<Row[]> {
  return runAlone<Row>(db, { name: '', text }, values);
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
