// Events as merchants see them: what happened, as of then, with what is known of its subject now joined when it is shown.
import type { Context } from '../context.ts';
import { runAlone } from '../db/knex.ts';
import { openPerson } from '../merchants/person.ts';
import type { State } from '../transactions/states.ts';
import { Transaction, type TransactionRow } from '../transactions/transaction.ts';
import { viewTransaction } from '../transactions/view.ts';

export interface EventView {
  readonly id: string;
  readonly type: string;
  readonly createdAt: string;
  /** 1, 2, 3, … over the events of one transaction; null where it is about none. */
  readonly sequence: number | null;
  readonly data: unknown;
}

/** An event with whatever its data is made of, as the statements select it. */
export interface EventRow {
  readonly event_position: bigint;
  readonly event_id: string;
  readonly event_type: string;
  readonly event_sequence: number | null;
  readonly event_data: Record<string, unknown>;
  readonly event_at: Date;
  /** Of the transaction it is about; null without one. */
  readonly id: string | null;
  readonly owner: string | null;
  readonly sealed: Buffer | null;
}

/** The columns of `EventRow`, and what they come from beside `events e`. */
export const EVENT_COLUMNS = `e.position AS event_position, e.id AS event_id, e.type AS event_type, e.sequence AS event_sequence,
  e.data AS event_data, e.created_at AS event_at, t.*, w.owner, s.sealed`;
export const EVENT_JOINS = `LEFT JOIN transactions t ON t.id = e.transaction_id LEFT JOIN wallets w ON w.id = t.wallet_id
  LEFT JOIN personal_data s ON s.subject_id = t.id`;

/** Told when a payment was called failed and, by the time the event was made, had succeeded after all. */
const REVISED = { code: 'revised', message: 'It was called failed and has succeeded since.' };

/** State, failure and times are those of the move; what becomes known later (fee, charge, amounts) is as known now. */
export function viewEvent(ctx: Context, row: EventRow): EventView {
  const head = { id: row.event_id, type: row.event_type, createdAt: row.event_at.toISOString() };
  if (row.id === null) return { ...head, sequence: null, data: row.event_data };
  const transaction = Transaction.fromDatabaseJson(row) as unknown as TransactionRow;
  const state = row.event_type.slice(row.event_type.indexOf('.') + 1) as State;
  const then = {
    state,
    updatedAt: row.event_at,
    settledAt: state === 'settled' ? row.event_at : state === 'reversed' ? transaction.settledAt : null,
  };
  const view = viewTransaction(
    { ...transaction, ...then },
    { owner: row.owner ?? '', person: openPerson(ctx.vault, row.sealed) },
  );
  const failure = state === 'failed' ? (row.event_data['failure'] ?? REVISED) : null;
  return { ...head, sequence: row.event_sequence, data: { ...view, failure } };
}

const list = (filters: string) => `
  SELECT ${EVENT_COLUMNS} FROM (
    SELECT * FROM events WHERE merchant_id = $1 AND position > $2 ${filters} ORDER BY position LIMIT $3
  ) e ${EVENT_JOINS} ORDER BY e.position`;
const LIST = { name: 'list_events', text: list('') };
const LIST_OF_TYPE = { name: 'list_events_of_type', text: list('AND type = $4') };
const LIST_OF_TRANSACTION = {
  name: 'list_events_of_transaction',
  text: list('AND transaction_id = $4 AND ($5::text IS NULL OR type = $5)'),
};

/**
 * Up to `limit` events of a merchant, oldest first, with the position each stands at. Positions become visible in their order, so
 * whoever goes on after the last one he has seen misses nothing and sees nothing twice.
 */
export async function listEvents(
  ctx: Context,
  of: {
    merchantId: string;
    after: bigint;
    limit: number;
    type?: string | undefined;
    transactionId?: string | undefined;
  },
): Promise<{ position: bigint; event: EventView }[]> {
  const { merchantId, after, limit, type, transactionId } = of;
  const rest =
    transactionId === undefined
      ? type === undefined
        ? { statement: LIST, values: [] }
        : { statement: LIST_OF_TYPE, values: [type] }
      : { statement: LIST_OF_TRANSACTION, values: [transactionId, type ?? null] };
  const rows = await runAlone<EventRow>(ctx.db, rest.statement, [merchantId, after, limit, ...rest.values]);
  return rows.map((row) => ({ position: row.event_position, event: viewEvent(ctx, row) }));
}
