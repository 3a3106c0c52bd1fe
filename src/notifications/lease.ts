// The lease of an endpoint: who may send to it now. Taken, renewed with every record of results, and given back with the next date.
import type { Context } from '../context.ts';
import { inTransaction, run, runAlone, runWhole } from '../db/knex.ts';
import type { Bell } from '../queue/queues.ts';

export interface Leased {
  readonly id: string;
  readonly merchantId: string;
  readonly url: string;
  /** Fences whatever is written under it. */
  readonly lease: number;
  readonly failures: number;
  readonly secretSealed: Buffer;
  readonly previousSealed: Buffer | null;
}

const TAKE = {
  name: 'lease_endpoint',
  text: `
    UPDATE webhook_endpoints SET running = true, lease = lease + 1, rung_at = NULL, due_at = now() + $2::bigint * interval '1 millisecond'
    WHERE id = $1 AND status = 'enabled' AND due_at <= now()
    RETURNING id, merchant_id AS "merchantId", url, lease, failures, secret_sealed AS "secretSealed",
      CASE WHEN previous_until > now() THEN previous_sealed END AS "previousSealed"`,
};

/** Longer than anything a run does between two records. */
export function leaseMs(ctx: Context): number {
  return ctx.config.LEASE_MS + ctx.config.DELIVERY_TIMEOUT_MS;
}

/** Takes the lease if the endpoint is due; null when it is not, is disabled, or another has it. */
export async function takeLease(ctx: Context, id: string): Promise<Leased | null> {
  const [leased] = await runWhole<Leased>(ctx.db, TAKE, [id, leaseMs(ctx)]);
  return leased ?? null;
}

const LOCK = {
  name: 'lock_leased_endpoint',
  text: `SELECT 1 FROM webhook_endpoints WHERE id = $1 AND lease = $2 AND running FOR NO KEY UPDATE`,
};

// When the next one is due, but not while it is blocked, and not at once where nothing that is due could be sent.
const REST = {
  name: 'rest_endpoint',
  text: `
    WITH next AS (
      SELECT CASE WHEN min(due_at) IS NOT NULL THEN greatest(min(due_at), now() + $2::bigint * interval '1 millisecond') END AS at
      FROM deliveries WHERE endpoint_id = $1 AND state = 'pending'
    ), resting AS (
      SELECT CASE WHEN p.status = 'enabled' AND n.at IS NOT NULL THEN greatest(n.at, p.blocked_until) END AS at
      FROM next n, webhook_endpoints p WHERE p.id = $1
    )
    UPDATE webhook_endpoints p SET running = false, due_at = r.at, generation = p.generation + coalesce(r.at <= now(), false)::int,
      rung_at = CASE WHEN r.at <= now() THEN now() END
    FROM resting r WHERE p.id = $1 RETURNING generation, r.at <= now() AS again`,
};

/**
 * Gives the lease back, with the date on which somebody must look next, and rings if that is now. The row is locked before its
 * deliveries are looked at: what is added later finds it at rest and wakes it. `idleMs`: at least so long, where nothing could be sent.
 */
export async function rest(ctx: Context, { id, lease }: Leased, idleMs: number): Promise<void> {
  const bells = await inTransaction(ctx.db, async (trx): Promise<Bell[]> => {
    if ((await run(trx, LOCK, [id, lease])).length === 0) return [];
    const [rested] = await run<{ generation: number; again: boolean | null }>(trx, REST, [id, idleMs]);
    return rested?.again ? [{ queue: 'notifications', id, generation: rested.generation }] : [];
  });
  ctx.queues.ring(bells);
}

const POSTPONE = {
  name: 'postpone_endpoint',
  text: `
    UPDATE webhook_endpoints SET due_at = now() + $2::bigint * interval '1 millisecond', rung_at = NULL
    WHERE id = $1 AND status = 'enabled' AND due_at IS NOT NULL`,
};

/** Looks again later, after a failure of our own. */
export async function postponeEndpoint(ctx: Context, id: string): Promise<void> {
  await runAlone(ctx.db, POSTPONE, [id, ctx.config.RETRY_MAX_MS]);
}
