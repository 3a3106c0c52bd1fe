// Tells what is no move of a transaction: an event with data of its own, in the commit of whatever it tells of.
import { run, type Trx } from '../db/knex.ts';
import { newId } from '../ids.ts';
import type { Bell } from '../queue/queues.ts';

const PUBLISH = { name: 'publish_event', text: 'SELECT * FROM publish_event($1, $2, $3, $4, $5)' };

export interface NewEvent {
  readonly merchantId: string;
  /** Thing and participle, such as `webhook_endpoint.disabled`; add it to EVENT_TYPES. */
  readonly type: string;
  /** What the merchant is shown: ids, codes and amounts as text; never personal data, which erasure could not reach here. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Goes to this endpoint alone, whatever it asked for. */
  readonly onlyTo?: string;
}

export interface Published {
  readonly eventId: string;
  readonly position: bigint;
  /** To be rung once it is committed; the sweep finds what is not. */
  readonly bells: readonly Bell[];
}

/** What comes back of endpoints that were woken, as bells. */
export function bellsOf(row: { endpoints: string[] | null; generations: number[] | null }): Bell[] {
  const { endpoints, generations } = row;
  return (endpoints ?? []).map((id, at) => ({ queue: 'notifications', id, generation: generations?.[at] ?? 0 }));
}

const LOCK = { name: 'lock_events', text: 'SELECT lock_events()' };

/** For whoever changes an endpoint before it publishes: this lock comes before any endpoint's. */
export async function lockEvents(trx: Trx): Promise<void> {
  await run(trx, LOCK, []);
}

/** Writes the event and its deliveries. Positions are drawn under a lock: call it late in `trx`; before locking an endpoint, `lockEvents`. */
export async function publish(trx: Trx, of: NewEvent): Promise<Published> {
  const eventId = newId('event');
  const rows = await run<{ event_position: bigint; endpoints: string[] | null; generations: number[] | null }>(
    trx,
    PUBLISH,
    [eventId, of.merchantId, of.type, JSON.stringify(of.data), of.onlyTo ?? null],
  );
  // A function's call is always one row.
  const [row] = rows as [(typeof rows)[number]];
  return { eventId, position: row.event_position, bells: bellsOf(row) };
}
