// The provider's callback: raw bytes in, stored once, answered before anything else happens.
import { z } from 'zod';
import { inRanges } from '../../address-range.ts';
import { perContext } from '../../context.ts';
import { Forbidden, InvalidRequest, Unauthenticated } from '../../errors.ts';
import { SIGNATURE_HEADER } from '../../provider/eversend/signature.ts';
import { receiveWebhook } from '../../webhooks/receive.ts';
import { countRefused } from '../../webhooks/refused.ts';
import { defineRoute } from '../define-route.ts';

const LIMIT_BYTES = 1024 * 1024;

/** What a page in a browser can send anywhere without asking; the provider never does. */
const FORM = /^(application\/x-www-form-urlencoded|multipart\/|text\/plain)/i;
const isAllowed = perContext(({ config }) => inRanges(config.EVERSEND_WEBHOOK_ALLOWED_ADDRESSES));
const STORED = { status: 200, body: '{"received":true}' };

const received = z.strictObject({ received: z.literal(true) }).meta({ id: 'Received' });

const receive = defineRoute({
  method: 'POST',
  path: '/webhooks/eversend',
  operationId: 'receiveProviderEvent',
  tag: 'Provider',
  scope: null,
  limit: 'forgeries',
  summary: "The provider's callback",
  description:
    'For Eversend alone: set this address in its dashboard. The header `X-Eversend-Signature` is the HMAC of the raw body in hex.',
  rawLimit: LIMIT_BYTES,
  examples: {
    collected: {
      summary: 'A collection has ended',
      value: {
        eventType: 'transaction.eversendCollectionSuccessful',
        type: 'collection',
        status: 'successful',
        transactionId: 'BE31788255182123',
        transactionRef: 'co01KAB3R7W2Q8N4YV5T6X9ZCDEF',
        currency: 'UGX',
        amount: '2000',
      },
    },
  },
  responses: { 200: { description: 'Stored, or known already.', schema: received } },
  refusals: {
    401: { code: 'bad_signature', description: 'The signature is missing or wrong.' },
    403: { code: 'address_not_allowed', description: 'From an address that is not on the list.' },
    413: { code: 'body_too_large', description: 'More than a megabyte.' },
    415: { code: 'unsupported_encoding', description: 'A content encoding, or a form.' },
    503: { code: 'unavailable', description: 'It could not be stored: send it again.' },
  },
  async handler({ ctx, raw, clientAddress, header }) {
    if (!isAllowed(ctx)(clientAddress)) {
      countRefused(ctx)();
      const from = { clientAddress: clientAddress ?? 'unknown' };
      ctx.log.security(
        { event: 'webhook_address_refused', ...from },
        'a webhook from an address that is not on the list',
      );
      throw new Forbidden('Webhooks are not taken from this address.', 'address_not_allowed');
    }
    if (FORM.test(header('content-type') ?? '')) {
      const message = 'Send the event as JSON.';
      throw new InvalidRequest([], { code: 'unsupported_media_type', message, status: 415 });
    }
    const verdict = await receiveWebhook(ctx, { rawBody: raw, signature: header(SIGNATURE_HEADER), clientAddress });
    if (verdict === 'bad_signature')
      throw new Unauthenticated('The signature does not fit this body and our secret.', 'bad_signature');
    return STORED;
  },
});

export const webhookRoutes = [receive];
