// Where the points play: the rig, its careful callers, and payments asked for one at a time.
import { randomBytes } from 'node:crypto';
import { until } from '../../support/until.ts';
import type { Rig } from '../rig/rig.ts';
import type { Callers } from '../soak/callers.ts';
import type { Order } from '../soak/orders.ts';
import type { Arm, Point } from './point.ts';

export const POINTS_OWNER = 'points';
/** Found anywhere but sealed, these are leaks. */
export const POINTS_CANARIES = ['256771234567', 'Kanaryson'];

/** How long one payment may take to get to the point; then another one is sent. */
const REACH_MS = 4000;
/** Payments that may miss the point, for each that shall hit it: a batch may carry two at once. */
const MOST_MISSES = 5;
/** Payments on their way to one point at once: while one process comes up again the others go on. */
const LANES = 3;
const ENDING_MS = 60_000;

export type Asks = 'payout' | 'collection';

export interface Stage {
  readonly rig: Rig;
  readonly callers: Callers;
  /** A figure that is worth printing. */
  note(sentence: string): void;
}

/** A point that is one message: payments are sent until it was struck so often. */
export function struck(of: {
  id: string;
  what: string;
  kind: Point['kind'];
  asks: Asks;
  arm: Arm;
  lanes?: number;
  reachMs?: number;
}): Point {
  const { id, what, kind } = of;
  return { id, what, kind, hit: (stage, times) => strikeUntil(stage, of, times) };
}

async function strikeUntil(
  { rig, callers }: Stage,
  { id, asks, arm, lanes = LANES, reachMs = REACH_MS }: Parameters<typeof struck>[0],
  times: number,
): Promise<number> {
  const armed = arm(rig, times);
  const asking: Promise<unknown>[] = [];
  let sent = 0;
  const lane = async () => {
    while (armed.hits < times && sent < times * MOST_MISSES) {
      const before = armed.hits;
      sent += 1;
      asking.push(callers.ask(orderFor(id, asks)));
      await until(() => armed.hits > before, `${id} is reached`, reachMs).catch(() => undefined);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(lanes, times) }, lane));
    await Promise.all(asking);
    return armed.hits;
  } finally {
    armed.disarm();
  }
}

/** Sends one payment and gives its id. */
export async function pay({ rig, callers }: Stage, point: string, asks: Asks): Promise<string> {
  const order = orderFor(point, asks);
  await callers.ask(order);
  const { rows } = await rig.database.query<{ id: string }>('SELECT id FROM transactions WHERE reference = $1', [
    order.key,
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error(`${order.key} was accepted and is not there`);
  return row.id;
}

/** So many at once. */
export function payMany(stage: Stage, point: string, asks: Asks, count: number): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, () => pay(stage, point, asks)));
}

/** Waits until each of these payments is in one of these states. */
export async function untilIn({ rig }: Stage, states: readonly string[], ids: readonly string[]): Promise<void> {
  const rest = async () =>
    (await rig.database.query('SELECT FROM transactions WHERE id = ANY($1) AND NOT state = ANY($2)', [ids, states]))
      .rowCount;
  await until(async () => (await rest()) === 0, `${ids.length} payments are ${states.join(' or ')}`, ENDING_MS);
}

/** Its reference with us is its key, by which it can be found. */
export function orderFor(point: string, asks: Asks): Order {
  const key = `${point}-${randomBytes(12).toString('hex')}`;
  const common = { amount: '1000', currency: 'UGX', country: 'UG', owner: POINTS_OWNER, reference: key };
  const phone = '+256771234567';
  return asks === 'collection'
    ? { key, path: '/v1/collections', body: JSON.stringify({ ...common, phone }) }
    : {
        key,
        path: '/v1/payouts',
        body: JSON.stringify({
          ...common,
          destinationCurrency: 'UGX',
          method: 'momo',
          recipient: { firstName: 'Mary', lastName: 'Kanaryson', phone },
        }),
      };
}
