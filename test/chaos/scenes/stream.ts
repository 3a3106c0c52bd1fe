// A stream of payments: so many a second, whatever else happens, each asked for until it has its definite answer.
import { setTimeout as wait } from 'node:timers/promises';
import type { Order } from '../soak/orders.ts';

export interface Stream {
  /** How many are on their way or answered. */
  readonly sent: number;
  /** When all have been answered. */
  readonly done: Promise<void>;
}

/** Sends all orders by `ask`, or those until the signal, `perSecond` of them in each second. */
export function streamOf(
  orders: readonly Order[],
  perSecond: number,
  ask: (order: Order) => Promise<unknown>,
  signal?: AbortSignal,
): Stream {
  let sent = 0;
  const run = async () => {
    const startedAt = performance.now();
    const asked: Promise<unknown>[] = [];
    for (const order of orders) {
      const earlyMs = startedAt + (sent / perSecond) * 1000 - performance.now();
      if (earlyMs > 0) await wait(earlyMs);
      if (signal?.aborted) break;
      sent += 1;
      asked.push(ask(order));
    }
    await Promise.all(asked);
  };
  const done = run();
  done.catch(() => undefined);
  return {
    get sent() {
      return sent;
    },
    done,
  };
}

/** One call and its status; 0: no answer came. */
export async function callOnce(url: string, apiKey: string, order: Order, timeoutMs = 20_000): Promise<number> {
  try {
    const answer = await fetch(`${url}${order.path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': order.key },
      body: order.body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.text();
    return answer.status;
  } catch {
    return 0;
  }
}

/** How many of each, as words: "3 of 202, 1 of 503". */
export function tally(statuses: readonly number[]): string {
  const counts = Map.groupBy(statuses, (status) => status);
  return [...counts].map(([status, { length }]) => `${length} of ${status || 'no answer'}`).join(', ');
}
