// Follows a webhook event up once more, on an operator's word: it is due again, and what the provider says then is what happens.
import { run, type Trx } from '../db/knex.ts';
import { StaleState } from '../errors.ts';
import type { Bell } from '../queue/queues.ts';

const REPLAY = {
  name: 'replay_webhook_event',
  text: `
    UPDATE webhook_events SET state = 'received', due_at = now(), rung_at = now(), generation = generation + 1, look_ups = 0, applied_at = NULL
    WHERE id = $1 AND state IN ('applied', 'unknown') RETURNING generation`,
};

/** Gives the bell to ring after the commit. Raises StaleState for one that is being followed up, is unreadable, or is not there. */
export async function replayWebhookEvent(trx: Trx, id: string): Promise<Bell> {
  const [row] = await run<{ generation: number }>(trx, REPLAY, [id]);
  if (row === undefined)
    throw new StaleState(
      'Only an event that was followed up can be followed up again; this one waits for that, or cannot be read.',
    );
  return { queue: 'webhooks', id, generation: row.generation };
}
