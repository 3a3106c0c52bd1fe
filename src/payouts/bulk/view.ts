// Bulks as their merchant sees them: one with its counts and sums, lists without.
import { type Db, run, runAlone, type Statement, type Trx } from '../../db/knex.ts';
import { NotFound } from '../../errors.ts';
import { formatAmount } from '../../money.ts';
import { isFinal, STATES, type State } from '../../transactions/states.ts';
import { Bulk, type RowState } from './bulk.ts';

/** What became of a row: a payout's own state, or why there is none. */
export type RowStatus = State | Exclude<RowState, 'accepted' | 'retried'>;

/** Of whatever table stands behind `r` (bulk_rows) and `t` (its payout, if there is one). */
export const ROW_STATUS = `CASE r.state WHEN 'accepted' THEN t.state ELSE r.state END`;

interface Sum {
  readonly status: RowStatus;
  readonly currency: string | null;
  readonly count: number;
  readonly amount: bigint | null;
  readonly fee: bigint | null;
  readonly held: bigint | null;
}

const FIND = {
  name: 'find_bulk',
  text: `
    SELECT id, state, hold, rows, reference, metadata, created_at AS "createdAt", updated_at AS "updatedAt"
    FROM bulks WHERE id = $1 AND merchant_id = $2`,
};

const SUMS = {
  name: 'sums_of_a_bulk',
  text: `
    SELECT ${ROW_STATUS} AS status, r.currency, count(*)::int AS count, sum(coalesce(t.amount_minor, r.amount_minor))::bigint AS amount,
      sum(t.fee_minor)::bigint AS fee,
      sum(CASE WHEN t.due_at IS NOT NULL THEN t.held_minor WHEN r.state = 'waiting' AND r.wallet_id IS NOT NULL THEN r.held_minor END)::bigint AS held
    FROM bulk_rows r LEFT JOIN transactions t ON t.id = r.payout_id AND r.state = 'accepted'
    WHERE r.bulk_id = $1 AND r.state <> 'retried' GROUP BY 1, 2`,
};

type Found = Pick<Bulk, 'id' | 'state' | 'hold' | 'rows' | 'reference' | 'metadata' | 'createdAt' | 'updatedAt'>;
type Ask = <Row>(statement: Statement, values: unknown[]) => Promise<Row[]>;

export type BulkView = Awaited<ReturnType<typeof read>>;

/** Raises NotFound: what belongs to another merchant is not there. */
export function readBulk(db: Db, merchantId: string, id: string): Promise<BulkView> {
  return read((statement, values) => runAlone(db, statement, values), merchantId, id);
}

/** The same inside a database transaction. */
export function readBulkWithin(trx: Trx, merchantId: string, id: string): Promise<BulkView> {
  return read((statement, values) => run(trx, statement, values), merchantId, id);
}

async function read(ask: Ask, merchantId: string, id: string) {
  const [bulk] = await ask<Found>(FIND, [id, merchantId]);
  if (bulk === undefined) throw new NotFound();
  const sums = await ask<Sum>(SUMS, [id]);
  const counts = new Map<RowStatus, number>();
  for (const { status, count } of sums) counts.set(status, (counts.get(status) ?? 0) + count);
  const refused = counts.get('refused') ?? 0;
  const states = Object.fromEntries([...counts].filter(([status]) => status !== 'refused').toSorted());
  // A worker notes the end at its next look; whoever asks before that is told of it all the same.
  const ended = bulk.state === 'processing' && ![...counts.keys()].some(isUnderWay);
  return {
    ...summary(bulk),
    status: ended ? ('done' as const) : bulk.state,
    accepted: bulk.rows - refused,
    refused,
    states,
    totals: totalsOf(sums),
  };
}

function isUnderWay(status: RowStatus): boolean {
  return Object.hasOwn(STATES, status) ? !isFinal(status as State) : status === 'waiting';
}

function summary({ id, state, hold, rows, reference, metadata, createdAt, updatedAt }: Found) {
  const times = { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  return { id, status: state, hold, rows, reference, metadata, ...times };
}

/** Per currency, since amounts of several never add up. */
function totalsOf(sums: readonly Sum[]) {
  const byCurrency = Map.groupBy(
    sums.filter(({ status, currency }) => status !== 'refused' && currency !== null),
    ({ currency }) => currency ?? '',
  );
  const add = (of: readonly Sum[], what: 'amount' | 'fee' | 'held') =>
    formatAmount(of.reduce((sum, each) => sum + (each[what] ?? 0n), 0n));
  return [...byCurrency].toSorted().map(([currency, of]) => {
    const settled = of.filter(({ status }) => status === 'settled');
    return {
      currency,
      amount: add(of, 'amount'),
      fee: add(of, 'fee'),
      held: add(of, 'held'),
      settled: add(settled, 'amount'),
    };
  });
}

/** Up to `limit` of a merchant's bulks before `before` (an id), newest first. */
export async function listBulks(
  db: Db,
  of: { readonly merchantId: string; readonly reference?: string; readonly before?: string; readonly limit: number },
) {
  const query = Bulk.query(db).where('merchant_id', of.merchantId).orderBy('id', 'desc').limit(of.limit);
  if (of.reference !== undefined) query.where('reference', of.reference);
  if (of.before !== undefined) query.where('id', '<', of.before);
  return (await query).map(summary);
}
