// Switching endpoints off, by their merchant or because nothing arrives there, and on again. What is pending waits meanwhile.
import { type Actor, audit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { inTransaction } from '../db/knex.ts';
import { deedOf, Endpoint, findEndpoint, type Keeper } from './endpoint.ts';
import { lockEvents, publish } from './publish.ts';

const ALONE: Actor = { actor: 'worker', clientAddress: null };

/**
 * Stops sending to an endpoint, and tells so: an event to the merchant's other endpoints, a row of the audit log, a line of the log.
 * One that is not enabled is left as it is. Raises NotFound.
 */
export async function disableEndpoint(
  ctx: Context,
  of: { merchantId: string; id: string; reason: 'merchant' | 'gone' | 'no_success'; caller?: Keeper },
): Promise<Endpoint> {
  const { merchantId, id, reason } = of;
  const { endpoint, bells } = await inTransaction(ctx.db, async (trx) => {
    await lockEvents(trx);
    const off = { status: 'disabled', disabledReason: reason, disabledAt: trx.fn.now(), dueAt: null };
    const moved = await Endpoint.query(trx)
      .patch({ ...off, updatedAt: trx.fn.now() } as never)
      .where({ id, merchant_id: merchantId, status: 'enabled' });
    const endpoint = await findEndpoint(trx, merchantId, id);
    if (moved === 0) return { endpoint, bells: null };
    const deed = of.caller === undefined ? ALONE : deedOf(of.caller);
    await audit(trx, { ...deed, action: 'webhook_endpoints.disable', subject: id, reason });
    const data = { id, url: endpoint.url, reason };
    const { bells } = await publish(trx, { merchantId, type: 'webhook_endpoint.disabled', data });
    return { endpoint, bells };
  });
  if (bells === null) return endpoint;
  ctx.queues.ring(bells);
  if (reason !== 'merchant')
    ctx.log.warn({ event: 'endpoint_disabled', endpointId: id, merchantId, code: reason }, 'an endpoint was disabled');
  return endpoint;
}

/** Sends to it again, what waited first. Gives the endpoint as it is then; one that is enabled is left as it is. Raises NotFound. */
export async function enableEndpoint(ctx: Context, caller: Keeper, id: string): Promise<Endpoint> {
  return inTransaction(ctx.db, async (trx) => {
    const found = await findEndpoint(trx, caller.merchantId, id);
    if (found.status === 'enabled') return found;
    const fresh = { failures: 0, failingSince: null, blockedUntil: null, running: false };
    const now = trx.fn.now();
    await Endpoint.query(trx)
      .patch({
        ...fresh,
        status: 'enabled',
        disabledReason: null,
        disabledAt: null,
        lease: trx.raw('lease + 1'),
        // Somebody looks whether anything waits: the sweep rings.
        dueAt: now,
        rungAt: null,
        updatedAt: now,
      } as never)
      .where({ id, status: 'disabled' });
    await audit(trx, { ...deedOf(caller), action: 'webhook_endpoints.enable', subject: id });
    return findEndpoint(trx, caller.merchantId, id);
  });
}
