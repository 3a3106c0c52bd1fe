// Redis or Postgres away for a while: how long after its return everything moves again.
import { setTimeout as wait } from 'node:timers/promises';
import type { Rig } from '../rig/rig.ts';
import type { Callers } from '../soak/callers.ts';
import { payoutFor } from './orders.ts';

const OUTAGE_MS = 20_000;
/** A backlog takes its own time at the provider's rate (0.4 s a payment): a small one shows how soon it begins to move. */
const PAYMENT_EVERY_MS = 4000;
/** Payments that are under way in every state when it goes. */
const BEFORE = 4;
const OBSERVE_EVERY_MS = 100;
const GIVE_UP_MS = 120_000;

/** Of this outage's payments: not yet taken up, or past their date with nobody on the way. */
const STANDING = `SELECT count(*)::int AS count FROM transactions WHERE reference = $1
  AND (state = 'accepted' OR (due_at < now() - interval '1 second' AND state IN ('submitting', 'submitted')))`;

/** Milliseconds from the return until every caller has its answer and nothing stands still; Infinity: not within the time we looked. */
export async function outage(rig: Rig, callers: Callers, name: 'redis' | 'postgres', round: number): Promise<number> {
  const purpose = `${name}-${round}`;
  const part = rig.part(name);
  let open = 0;
  const ask = () => {
    open += 1;
    void callers.ask(payoutFor(purpose)).then(() => {
      open -= 1;
    });
  };
  for (let n = 0; n < BEFORE; n += 1) ask();
  await wait(PAYMENT_EVERY_MS / 2);
  await rig.kill(part);
  for (let passedMs = 0; passedMs < OUTAGE_MS; passedMs += PAYMENT_EVERY_MS) {
    ask();
    await wait(PAYMENT_EVERY_MS);
  }
  // Postgres is back when it takes connections, which is after it has recovered: rig.start() waits for that.
  await rig.start(part);
  const returnedAt = performance.now();
  while (performance.now() - returnedAt < GIVE_UP_MS) {
    if (open === 0) {
      const { rows } = await rig.database.query<{ count: number }>(STANDING, [purpose]);
      if (rows[0]?.count === 0) return performance.now() - returnedAt;
    }
    await wait(OBSERVE_EVERY_MS);
  }
  return Number.POSITIVE_INFINITY;
}
