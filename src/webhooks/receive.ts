// Receives a provider callback: verify the raw bytes, store them once, ring, answer. Nothing else happens in the request.
import { type Context, perContext } from '../context.ts';
import { coalesce } from '../db/coalesce.ts';
import { isConnectionLoss, runAlone } from '../db/knex.ts';
import { Unavailable } from '../errors.ts';
import { newId } from '../ids.ts';
import { verifySignature } from '../provider/eversend/signature.ts';
import { digest } from '../vault.ts';
import { readClaim } from './claim.ts';
import { countRefused } from './refused.ts';
import { sealBody } from './webhook-event.ts';

interface Received {
  readonly id: string;
  readonly digest: Buffer;
  readonly body: Buffer;
  readonly reference: string | null;
  readonly providerTransactionId: string | null;
  readonly status: string | null;
  readonly readable: boolean;
  readonly clientAddress: string | null;
}

// Duplicates are known by the digest of the body alone; one that is known already inserts nothing and rings nothing.
const STORE = {
  name: 'store_webhook_events',
  text: `
    INSERT INTO webhook_events (id, digest, body, reference, provider_transaction_id, claimed_status, state, client_address, due_at, applied_at)
    SELECT id, digest, body, reference, provider_transaction_id, claimed_status, CASE WHEN readable THEN 'received' ELSE 'unreadable' END,
      client_address, CASE WHEN readable THEN now() END, CASE WHEN NOT readable THEN now() END
    FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::inet[])
      AS r(id, digest, body, reference, provider_transaction_id, claimed_status, readable, client_address)
    ON CONFLICT (digest) DO NOTHING RETURNING id`,
};

const inbox = perContext((ctx) =>
  coalesce<Received, boolean>({
    maxBatch: 128,
    whole: isConnectionLoss,
    flush: async (events) => {
      const rows = await runAlone<{ id: string }>(ctx.db, STORE, [
        events.map((event) => event.id),
        events.map((event) => event.digest),
        events.map((event) => event.body),
        events.map((event) => event.reference),
        events.map((event) => event.providerTransactionId),
        events.map((event) => event.status),
        events.map((event) => event.readable),
        events.map((event) => event.clientAddress),
      ]);
      const stored = new Set(rows.map((row) => row.id));
      return events.map((event) => stored.has(event.id));
    },
  }),
);

/**
 * Stores an authentic callback, whatever is in it, and rings for it. `bad_signature` stores nothing. Raises Unavailable when it
 * cannot be stored, so that the provider sends it again.
 */
export async function receiveWebhook(
  ctx: Context,
  of: { rawBody: Buffer; signature: string | undefined; clientAddress: string | null },
): Promise<'stored' | 'bad_signature'> {
  const verdict = verifySignature({
    rawBody: of.rawBody,
    header: of.signature,
    secrets: ctx.config.EVERSEND_WEBHOOK_SECRETS,
    algorithm: ctx.config.EVERSEND_WEBHOOK_ALGORITHM,
  });
  if (verdict !== 'valid') {
    countRefused(ctx)();
    const clientAddress = of.clientAddress ?? 'unknown';
    // The provider's published sample signs without a key: if production really did, operators must learn it at once.
    if (verdict === 'unkeyed')
      ctx.log.security({ event: 'webhook_unkeyed_digest', clientAddress }, 'a webhook is signed without a key');
    else
      ctx.log.security(
        { event: 'webhook_bad_signature', clientAddress },
        'a webhook with a wrong signature was refused',
      );
    return 'bad_signature';
  }
  const claim = readClaim(of.rawBody);
  const id = newId('webhookEvent');
  try {
    const isNew = await inbox(ctx)({
      id,
      digest: digest(of.rawBody),
      body: sealBody(ctx.vault, of.rawBody),
      reference: claim?.reference ?? null,
      providerTransactionId: claim?.providerTransactionId ?? null,
      status: claim?.status ?? null,
      readable: claim !== null,
      clientAddress: of.clientAddress,
    });
    if (isNew && claim !== null) ctx.queues.ring([{ queue: 'webhooks', id, generation: 1 }]);
    return 'stored';
  } catch (error) {
    ctx.log.error({ webhookEventId: id, error }, 'a webhook could not be stored');
    throw new Unavailable('The event could not be stored. Send it again.');
  }
}
