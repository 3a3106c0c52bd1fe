// How many callbacks were refused at the door. None of them is stored, so that a forger writes nothing: they are counted by the second.
import { type Context, perContext } from '../context.ts';
import { runAlone } from '../db/knex.ts';

/** However many come, a process writes once in this time. What it has not written yet is lost with it: this counts, it proves nothing. */
const WRITE_EVERY_MS = 1000;

const ADD = {
  name: 'add_refused_webhooks',
  text: `
    INSERT INTO refused_webhooks AS r (starts_at, count)
      VALUES (date_bin(interval '5 minutes', now(), timestamptz '2000-01-01 00:00Z'), $1)
      ON CONFLICT (starts_at) DO UPDATE SET count = r.count + EXCLUDED.count`,
};

/** Counts one that was refused. Never fails, and waits for nothing. */
export const countRefused = perContext((ctx) => {
  let count = 0;
  let writing = false;
  const write = async () => {
    const some = count;
    count = 0;
    try {
      await runAlone(ctx.db, ADD, [some]);
    } catch (error) {
      count += some;
      ctx.log.warn({ event: 'refused_webhooks', error }, 'refused webhooks were not counted; they are with the next');
    }
    writing = false;
  };
  return () => {
    count += 1;
    if (writing) return;
    writing = true;
    setTimeout(write, WRITE_EVERY_MS).unref();
  };
});

const READ = {
  name: 'read_refused_webhooks',
  text: 'SELECT coalesce(sum(count), 0)::int AS count FROM refused_webhooks WHERE starts_at >= $1 AND starts_at < $2',
};

/** How many were refused in that time, by pieces of five minutes. */
export async function refusedWebhooks(ctx: Pick<Context, 'db'>, from: Date, to: Date): Promise<number> {
  const [row] = await runAlone<{ count: number }>(ctx.db, READ, [from, to]);
  return row?.count ?? 0;
}
