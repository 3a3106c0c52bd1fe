// Hits one crash point as often as is asked: payments are sent until the trap has sprung that many times.
import { randomBytes } from 'node:crypto';
import { until } from '../../support/until.ts';
import type { Rig } from '../rig/rig.ts';
import type { Callers } from '../soak/callers.ts';
import type { Order } from '../soak/orders.ts';
import type { Point } from './point.ts';

export const POINTS_OWNER = 'points';
/** Found anywhere but sealed, these are leaks. */
export const POINTS_CANARIES = ['256771234567', 'Kanaryson'];

/** How long one payment may take to get to the point; then another one is sent. */
const REACH_MS = 4000;
/** Payments that may miss the point, for each that shall hit it: a batch may carry two at once. */
const MOST_MISSES = 5;

/** How often the point was hit: fewer than `times` only when payments kept missing it. */
export async function hit(rig: Rig, callers: Callers, point: Point, times: number): Promise<number> {
  const armed = point.arm(rig, times);
  const asking: Promise<unknown>[] = [];
  try {
    for (let sent = 0; armed.hits < times && sent < times * MOST_MISSES; sent += 1) {
      const before = armed.hits;
      asking.push(callers.ask(orderFor(point)));
      await until(() => armed.hits > before, `${point.id} is reached`, REACH_MS).catch(() => undefined);
    }
    await Promise.all(asking);
    return armed.hits;
  } finally {
    armed.disarm();
  }
}

function orderFor(point: Point): Order {
  const common = { amount: '1000', currency: 'UGX', country: 'UG', owner: POINTS_OWNER, reference: point.id };
  const phone = '+256771234567';
  const key = `${point.id}-${randomBytes(12).toString('hex')}`;
  return point.asks === 'collection'
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
