// Deliveries as their merchant sees them: one event on its way to one endpoint, every try of it, and asking for another.
import { audit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { BaseModel } from '../db/base-model.ts';
import { run, runAlone, type Trx } from '../db/knex.ts';
import { NotFound } from '../errors.ts';
import type { Bell } from '../queue/queues.ts';
import { deedOf, type Keeper } from './endpoint.ts';
import { bellsOf } from './publish.ts';

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One try. */
export class DeliveryAttempt extends BaseModel {
  static override tableName = 'delivery_attempts';
  static override idColumn = ['delivery_id', 'number'];
  declare number: number;
  declare at: Date;
  declare statusCode: number | null;
  declare durationMs: number;
  declare error: string | null;
  declare answer: string | null;
}

interface Row {
  readonly id: string;
  readonly position: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly transactionId: string | null;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly dueAt: Date | null;
  readonly createdAt: Date;
  readonly doneAt: Date | null;
}

const COLUMNS = `d.id, d.event_position AS position, e.id AS "eventId", e.type, d.transaction_id AS "transactionId", d.state, d.attempts,
  d.due_at AS "dueAt", d.created_at AS "createdAt", d.done_at AS "doneAt"`;

function view(row: Row) {
  return {
    id: row.id,
    eventId: row.eventId,
    type: row.type,
    transactionId: row.transactionId,
    status: row.state,
    attempts: row.attempts,
    nextAttemptAt: row.dueAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    doneAt: row.doneAt?.toISOString() ?? null,
  };
}

const list = (filter: string) => `
  SELECT ${COLUMNS} FROM (
    SELECT * FROM deliveries WHERE endpoint_id = $1 AND event_position < $2 ${filter} ORDER BY event_position DESC LIMIT $3
  ) d JOIN events e ON e.position = d.event_position ORDER BY d.event_position DESC`;
const LIST = { name: 'list_deliveries', text: list('') };
const LIST_DELIVERED = { name: 'list_deliveries_delivered', text: list(`AND state = 'delivered'`) };
const LIST_OPEN = { name: 'list_deliveries_open', text: list(`AND state <> 'delivered' AND state = $4`) };

/** Above every position there is. */
const END = 2n ** 63n - 1n;

/** Up to `limit` deliveries of an endpoint by their events, newest first, before the one at `before`. */
export async function listDeliveries(
  ctx: Context,
  of: { endpointId: string; before: bigint | null; limit: number; state?: DeliveryState | undefined },
) {
  const statement = of.state === undefined ? LIST : of.state === 'delivered' ? LIST_DELIVERED : LIST_OPEN;
  const values = [of.endpointId, of.before ?? END, of.limit, ...(statement === LIST_OPEN ? [of.state] : [])];
  const rows = await runAlone<Row>(ctx.db, statement, values);
  return rows.map((row) => ({ position: row.position, delivery: view(row) }));
}

const FIND = {
  name: 'find_delivery',
  text: `
    SELECT ${COLUMNS} FROM deliveries d JOIN events e ON e.position = d.event_position WHERE d.id = $1 AND d.endpoint_id = $2`,
};

/** A delivery of an endpoint with its attempts, oldest first. Raises NotFound. */
export async function findDelivery(ctx: Context, endpointId: string, id: string) {
  const [row] = await runAlone<Row>(ctx.db, FIND, [id, endpointId]);
  if (row === undefined) throw new NotFound();
  const attempts = await DeliveryAttempt.query(ctx.db).where('delivery_id', id).orderBy('number');
  return {
    ...view(row),
    log: attempts.map(({ number, at, statusCode, durationMs, error, answer }) => ({
      number,
      at: at.toISOString(),
      statusCode,
      durationMs,
      error,
      answer,
    })),
  };
}

const RESEND = {
  name: 'resend_delivery',
  text: `
    UPDATE deliveries d SET state = 'pending', due_at = now(), done_at = NULL, tries = 0, first_tried_at = NULL
    FROM events e WHERE d.id = $1 AND d.endpoint_id = $2 AND e.position = d.event_position RETURNING ${COLUMNS}`,
};
const WAKE = {
  name: 'wake_endpoint',
  text: `
    SELECT array_agg(w.id) AS endpoints, array_agg(w.generation) AS generations FROM wake_endpoints(ARRAY[$1::text]) w`,
};

/** Asks for a delivery again, now; the event is the same, so is its id. Gives it as it is then, and the bell to ring. Raises NotFound. */
export async function resendDelivery(
  trx: Trx,
  caller: Keeper,
  endpointId: string,
  id: string,
): Promise<{ delivery: ReturnType<typeof view>; bells: Bell[] }> {
  // The endpoint's lock first, as by whoever records results.
  const [woken] = await run<{ endpoints: string[] | null; generations: number[] | null }>(trx, WAKE, [endpointId]);
  const [found] = await run<Row>(trx, RESEND, [id, endpointId]);
  if (found === undefined) throw new NotFound();
  const detail = { deliveryId: id };
  await audit(trx, { ...deedOf(caller), action: 'webhook_endpoints.resend', subject: endpointId, detail });
  return { delivery: view(found), bells: woken === undefined ? [] : bellsOf(woken) };
}
