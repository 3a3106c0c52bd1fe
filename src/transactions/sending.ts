// Whether anything may be sent now: not while a recovery is open. The database refuses the stamp by itself; this spares the asking.
import { type Context, perContext } from '../context.ts';
import { type Db, runAlone } from '../db/knex.ts';

const OPEN = {
  name: 'open_recovery',
  text: 'SELECT EXISTS (SELECT 1 FROM recoveries WHERE finished_at IS NULL) AS open',
};

/** How long a reading is believed. It decides nothing: a stamp that comes too late is refused by the database. */
const KEPT_MS = 500;

/** Asks the database: for decisions that no trigger guards. */
export async function isSendingDisabled(db: Db): Promise<boolean> {
  const [row] = await runAlone<{ open: boolean }>(db, OPEN, []);
  return row?.open === true;
}

const reader = perContext((ctx) => {
  let disabled = false;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<boolean> | null = null;
  const read = async () => {
    const now = await isSendingDisabled(ctx.db);
    if (now !== disabled) {
      const event = now ? 'sending_disabled' : 'sending_resumed';
      ctx.log.warn(
        { event },
        now ? 'a recovery is open: nothing is sent' : 'the recovery is finished: sending goes on',
      );
    }
    disabled = now;
    readAt = performance.now();
    return disabled;
  };
  return async () => {
    if (performance.now() - readAt < KEPT_MS) return disabled;
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };
});

/** As last read, at most half a second ago. */
export function sendingSeemsDisabled(ctx: Context): Promise<boolean> {
  return reader(ctx)();
}

/** Whether the database refused a stamp because a recovery was begun meanwhile. */
export function isRefusedByRecovery(error: unknown): boolean {
  return (error as { code?: string } | null)?.code === 'EV005';
}
