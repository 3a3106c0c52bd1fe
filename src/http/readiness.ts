// Whether this process can serve: the database answers and is migrated. Without cache or queue it is slower, and still ready.
import { setTimeout as wait } from 'node:timers/promises';
import { type Context, perContext } from '../context.ts';
import { migrationsPending } from '../db/migrations.ts';

type Health = 'up' | 'down';

export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'not_ready';
  readonly checks: Readonly<Record<'database' | 'migrations' | 'cache' | 'queues' | 'provider', Health>>;
}

/** Longer than any healthy answer, shorter than a probe waits. */
const PATIENCE_MS = 1500;

async function healthOf(ask: () => Promise<boolean>): Promise<Health> {
  const gaveUp = new AbortController();
  const patience = wait(PATIENCE_MS, false, { signal: gaveUp.signal, ref: false }).catch(() => false);
  try {
    return (await Promise.race([ask(), patience])) ? 'up' : 'down';
  } catch {
    return 'down';
  } finally {
    gaveUp.abort();
  }
}

// Once at head, this code's database stays there: the question is asked until it was answered well.
const migrated = perContext((ctx) => {
  let atHead = false;
  return async () => {
    atHead ||= !(await migrationsPending(ctx.db));
    return atHead;
  };
});

/** Asks everything at once. The provider is `down` when only an operator can mend it; no call is made to it. */
export async function readiness(ctx: Context): Promise<Readiness> {
  const [database, migrations, cache, queues] = await Promise.all([
    healthOf(async () => (await ctx.db.raw('SELECT 1')) !== undefined),
    healthOf(migrated(ctx)),
    healthOf(() => ctx.cache.ping()),
    healthOf(() => ctx.queues.ping()),
  ]);
  const provider: Health = ctx.provider.configurationProblem() === null ? 'up' : 'down';
  const checks = { database, migrations, cache, queues, provider };
  const serving = database === 'up' && migrations === 'up';
  const whole = Object.values(checks).every((health) => health === 'up');
  return { status: serving ? (whole ? 'ready' : 'degraded') : 'not_ready', checks };
}
