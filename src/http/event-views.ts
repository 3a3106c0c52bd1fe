// The shapes of answers about events, endpoints and deliveries, for the description; tests hold real answers against them.
import { z } from 'zod';
import { DELIVERY_STATES } from '../notifications/delivery.ts';
import { EVENT_TYPES } from '../notifications/event-types.ts';
import { transaction } from './views.ts';

const time = z.string().meta({ format: 'date-time', examples: ['2026-12-01T08:00:00.000Z'] });
const eventId = z.string().meta({ examples: ['ev0B7A1F5D3C9E2846A0B7C1D2E3'] });
const endpointId = z.string().meta({ examples: ['ep01KAB3R7W2Q8N4YV5T6X9ZCDEF'] });

export const event = z
  .strictObject({
    id: eventId.meta({ description: 'The same in every delivery of it; also the header `webhook-id`.' }),
    type: z.string().meta({ examples: [...EVENT_TYPES] }),
    createdAt: time,
    sequence: z
      .int()
      .nullable()
      .meta({ description: '1, 2, 3, … over the events of one transaction; null where it is about none.' }),
    data: z.union([transaction, z.record(z.string(), z.unknown())]).meta({
      description:
        'For `payout.*` and `collection.*` the transaction: status, failure and times as of the event, what became known later as known now.',
    }),
  })
  .meta({ id: 'Event' });

export const events = z.strictObject({
  data: z.array(event),
  nextCursor: z.string().nullable().meta({ description: 'For the next page; null on the last one there is now.' }),
  lastCursor: z
    .string()
    .nullable()
    .meta({ description: 'Where this page ended: give it later to go on with what has happened since.' }),
});

export const endpoint = z
  .strictObject({
    id: endpointId,
    url: z.string(),
    description: z.string().nullable(),
    types: z.array(z.string()).nullable().meta({ description: 'Null: all.' }),
    status: z.enum(['enabled', 'disabled']),
    disabledReason: z.enum(['merchant', 'gone', 'no_success']).nullable().meta({
      description: '`merchant`: you did. `gone`: it answered 410. `no_success`: it took nothing for too long.',
    }),
    disabledAt: time.nullable(),
    previousSecretUntil: time.nullable().meta({ description: 'Until when the secret before signs along.' }),
    failingSince: time.nullable().meta({ description: 'Since when every try has failed; null while they succeed.' }),
    lastSuccessAt: time.nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'WebhookEndpoint' });

export const endpointWithSecret = endpoint
  .extend({
    secret: z.string().meta({ description: 'Shown this once.', examples: ['whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'] }),
  })
  .meta({ id: 'WebhookEndpointWithSecret' });

export const deleted = z.strictObject({ id: endpointId, deleted: z.literal(true) }).meta({ id: 'Deleted' });

export const delivery = z
  .strictObject({
    id: z.string().meta({ examples: ['de4C1D2E3F0B7A1F5D3C9E2846A0'] }),
    eventId,
    type: z.string(),
    transactionId: z.string().nullable(),
    status: z.enum(DELIVERY_STATES).meta({
      description: '`failed`: its schedule is used up though the endpoint takes others; ask for it again by `resend`.',
    }),
    attempts: z.int(),
    nextAttemptAt: time.nullable(),
    createdAt: time,
    doneAt: time.nullable(),
  })
  .meta({ id: 'Delivery' });

export const deliveryWithLog = delivery
  .extend({
    log: z.array(
      z.strictObject({
        number: z.int(),
        at: time,
        statusCode: z.int().nullable(),
        durationMs: z.int(),
        error: z
          .string()
          .nullable()
          .meta({
            examples: [
              'timeout',
              'connection_refused',
              'connection_lost',
              'tls_failed',
              'name_not_found',
              'address_refused',
              'redirect',
              'status',
            ],
          }),
        answer: z.string().nullable().meta({ description: 'The beginning of what it answered, in printable ASCII.' }),
      }),
    ),
  })
  .meta({ id: 'DeliveryWithLog' });

export const ping = z.strictObject({ eventId }).meta({ id: 'Ping' });
export const replay = z
  .strictObject({ id: z.string().meta({ examples: ['rp01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }) })
  .meta({ id: 'Replay' });
