// The shapes of answers about events, endpoints and deliveries, for the description; tests hold real answers against them.
import { z } from 'zod';
import { DELIVERY_STATES } from '../notifications/delivery.ts';
import { EVENT_TYPES } from '../notifications/event-types.ts';
import { settledPayout } from './examples.ts';
import { time, transaction, transactionId } from './views.ts';

const eventId = z.string().meta({ examples: ['ev0B7A1F5D3C9E2846A0B7C1D2E3'] });
export const endpointId = z
  .string()
  .meta({ description: 'Of the endpoint.', examples: ['ep01KAB3R7W2Q8N4YV5T6X9ZCDEF'] });
export const deliveryId = z
  .string()
  .meta({ description: 'Of the delivery.', examples: ['de4C1D2E3F0B7A1F5D3C9E2846A0'] });

export const event = z
  .strictObject({
    id: eventId.meta({ description: 'The same in every delivery of it; also the header `webhook-id`.' }),
    type: z
      .string()
      .meta({ description: EVENT_TYPES.map((type) => `\`${type}\``).join(', '), examples: ['payout.settled'] }),
    createdAt: time,
    sequence: z
      .int()
      .nullable()
      .meta({
        description: '1, 2, 3, … over the events of one transaction; null where it is about none.',
        examples: [3],
      }),
    data: z.union([transaction, z.record(z.string(), z.unknown())]).meta({
      description:
        'For `payout.*` and `collection.*` the transaction: status, failure and times as of the event, what became known later as known now.',
      examples: [settledPayout],
    }),
  })
  .meta({ id: 'Event' });

export const events = z
  .strictObject({
    data: z.array(event),
    nextCursor: z.string().nullable().meta({ description: 'For the next page; null on the last one there is now.' }),
    lastCursor: z
      .string()
      .nullable()
      .meta({ description: 'Where this page ended: give it later to go on with what has happened since.' }),
  })
  .meta({ id: 'EventPage' });

export const endpoint = z
  .strictObject({
    id: endpointId,
    url: z.string().meta({ examples: ['https://shop.example/hooks/payments'] }),
    description: z
      .string()
      .nullable()
      .meta({ examples: ['Orders'] }),
    types: z
      .array(z.string())
      .nullable()
      .meta({ description: 'Null: all.', examples: [['payout.*']] }),
    status: z.enum(['enabled', 'disabled']),
    disabledReason: z
      .enum(['merchant', 'gone', 'no_success'])
      .nullable()
      .meta({
        description: '`merchant`: you did. `gone`: it answered 410. `no_success`: it took nothing for too long.',
        examples: [null],
      }),
    disabledAt: time.nullable().meta({ examples: [null] }),
    previousSecretUntil: time
      .nullable()
      .meta({ description: 'Until when the secret before signs along.', examples: [null] }),
    failingSince: time
      .nullable()
      .meta({ description: 'Since when every try has failed; null while they succeed.', examples: [null] }),
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

export const deleted = z
  .strictObject({ id: endpointId, deleted: z.literal(true) })
  .meta({ id: 'DeletedWebhookEndpoint' });

export const delivery = z
  .strictObject({
    id: deliveryId,
    eventId,
    type: z.string().meta({ examples: ['payout.settled'] }),
    transactionId: transactionId.nullable(),
    status: z.enum(DELIVERY_STATES).meta({
      description: '`failed`: its schedule is used up though the endpoint takes others; ask for it again by `resend`.',
    }),
    attempts: z.int().meta({ examples: [1] }),
    nextAttemptAt: time.nullable(),
    createdAt: time,
    doneAt: time.nullable(),
  })
  .meta({ id: 'Delivery' });

export const deliveryWithLog = delivery
  .extend({
    log: z.array(
      z.strictObject({
        number: z.int().meta({ examples: [1] }),
        at: time,
        statusCode: z
          .int()
          .nullable()
          .meta({ examples: [503] }),
        durationMs: z.int().meta({ examples: [120] }),
        error: z
          .string()
          .nullable()
          .meta({
            description:
              '`timeout`, `connection_refused`, `connection_lost`, `tls_failed`, `name_not_found`, `address_refused`, `redirect`, `status`, or `unreadable` on our side.',
            examples: ['status'],
          }),
        answer: z
          .string()
          .nullable()
          .meta({ description: 'The beginning of what it answered, in printable ASCII.', examples: ['maintenance'] }),
      }),
    ),
  })
  .meta({ id: 'DeliveryWithLog' });

export const ping = z.strictObject({ eventId }).meta({ id: 'Ping' });
export const replay = z
  .strictObject({ id: z.string().meta({ examples: ['rp01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }) })
  .meta({ id: 'Replay' });
