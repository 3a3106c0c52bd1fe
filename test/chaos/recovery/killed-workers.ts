// Workers killed while they send: how long it takes until somebody else has looked each payment up, or has sent what was only in their hands.
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import type { Fate } from '../proxy/link.ts';
import type { Rig } from '../rig/rig.ts';
import type { Callers } from '../soak/callers.ts';
import { idsIn, payoutFor } from './orders.ts';

/** Money calls that one process has under way at once, by default. */
const AT_ONCE = 2;
/** Payments for each that is caught: the rest wait in the workers' hands, accepted and not yet sent. */
const FOR_EACH = 2;
const CATCH_MS = 60_000;
const OBSERVE_EVERY_MS = 100;
/** What has not been picked up by then counts as never. */
const GIVE_UP_MS = 180_000;

/** Milliseconds from the kill, one number a payment; Infinity: not within the time we looked. */
export interface KillTimes {
  readonly lookedUp: readonly number[];
  readonly sentAfterAll: readonly number[];
}

/**
 * All workers but one are killed at the same moment, each with as many sends under way as it may have, and started again. Of these
 * sends every other one arrives at the provider all the same.
 */
export async function killWorkers(rig: Rig, callers: Callers, round: number): Promise<KillTimes> {
  const purpose = `kill-${round}`;
  const doomed = rig.workers.slice(1);
  const caught = new Map<string, string>();
  const dead = Promise.withResolvers<void>();
  const trap = rig.links.provider.arm({
    when: 'before',
    matches: ({ method, path }, from) =>
      method === 'POST' && path.endsWith('/payouts') && doomed.some(({ name }) => name === from),
    times: Number.POSITIVE_INFINITY,
    async spring({ exchange, from }): Promise<Fate> {
      const { transactionRef } = JSON.parse(exchange.body) as { transactionRef: string };
      caught.set(transactionRef, from);
      const arrives = caught.size % 2 === 0;
      await dead.promise;
      return arrives ? 'deliver' : 'cut';
    },
  });
  try {
    const asking: Promise<unknown>[] = [];
    const wanted = doomed.length * AT_ONCE;
    const order = () => void asking.push(callers.ask(payoutFor(purpose)));
    for (let n = 0; n < wanted * FOR_EACH; n += 1) order();
    // The surviving worker takes its share, and a batch may fall unevenly: more are asked for until all have their hands full.
    await until(
      async () => {
        if (caught.size >= wanted) return true;
        order();
        await wait(1000);
        return false;
      },
      `${wanted} sends are under way`,
      CATCH_MS,
    );
    await Promise.all(asking);
    const waiting = await idsIn(rig.database, purpose, ['accepted']);
    const killedAt = performance.now();
    await Promise.all(doomed.map((worker) => worker.kill()));
    trap.disarm();
    dead.resolve();
    await Promise.all(doomed.map((worker) => worker.start()));
    return await observe(rig, killedAt, [...caught.keys()], waiting);
  } finally {
    trap.disarm();
    dead.resolve();
  }
}

const LOOKED_UP = `SELECT DISTINCT transaction_id AS id FROM attempts
  WHERE transaction_id = ANY($1) AND number = 1 AND (look_ups > 0 OR verdict IS NOT NULL)`;
const TAKEN_UP = `SELECT id FROM transactions WHERE id = ANY($1) AND state <> 'accepted'`;

async function observe(
  rig: Rig,
  killedAt: number,
  sending: readonly string[],
  waiting: readonly string[],
): Promise<KillTimes> {
  const observed = async (question: string, ids: readonly string[]) => {
    const left = new Set(ids);
    const times: number[] = [];
    while (left.size > 0 && performance.now() - killedAt < GIVE_UP_MS) {
      const { rows } = await rig.database.query<{ id: string }>(question, [[...left]]);
      for (const { id } of rows) {
        left.delete(id);
        times.push(performance.now() - killedAt);
      }
      await wait(OBSERVE_EVERY_MS);
    }
    return [...times, ...Array.from(left, () => Number.POSITIVE_INFINITY)];
  };
  const [lookedUp, sentAfterAll] = await Promise.all([observed(LOOKED_UP, sending), observed(TAKEN_UP, waiting)]);
  return { lookedUp, sentAfterAll };
}
