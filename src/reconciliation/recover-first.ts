// RECOVERY=true: the switch is thrown before this process does anything else.
import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { beginRecovery } from './recovery.ts';

const AGAIN_MS = 1000;

/** Returns once sending is disabled, however long the database takes to answer; at once when nobody asked for it. */
export async function recoverBeforeStart(ctx: Pick<Context, 'config' | 'db' | 'log'>): Promise<void> {
  if (ctx.config.RECOVERY !== 'true') return;
  for (;;) {
    try {
      const begun = await beginRecovery(ctx.db, { actor: 'start', clientAddress: null, reason: 'RECOVERY=true' });
      ctx.log.warn(
        { event: begun ? 'recovery_begun' : 'recovery_open' },
        'RECOVERY is set: nothing is sent until `recovery run` and `recovery finish`',
      );
      return;
    } catch (error) {
      ctx.log.warn({ event: 'recovery', error }, 'a recovery could not be begun yet; it is tried again');
      await wait(AGAIN_MS);
    }
  }
}
