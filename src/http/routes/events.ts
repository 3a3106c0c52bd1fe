// Events: what happened, oldest first, for whoever prefers asking to being told, or has missed something.
import { z } from 'zod';
import { listEvents } from '../../notifications/event.ts';
import { EVENT_TYPES } from '../../notifications/event-types.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import * as views from '../event-views.ts';
import * as input from '../inputs.ts';
import { paging } from '../query.ts';

const list = defineRoute({
  method: 'GET',
  path: '/v1/events',
  operationId: 'listEvents',
  tag: 'Events',
  scope: 'events:read',
  limit: 'reads',
  summary: 'List events, oldest first',
  description:
    'Nothing is left out and nothing comes twice, however often you ask: events become visible in the order of the list. Remember `lastCursor` to go on later.',
  query: z.strictObject({
    type: input.word(EVENT_TYPES as readonly [string, ...string[]]).optional(),
    transactionId: input.reference.optional().meta({ description: 'Only events about this transaction.' }),
    ...paging,
  }),
  responses: { 200: { description: 'A page.', schema: views.events } },
  async handler({ ctx, caller, query }) {
    const { merchantId } = caller;
    const { type, transactionId, limit } = query;
    const place = { list: `events:${type ?? ''}:${transactionId ?? ''}`, merchantId };
    const position = openCursor(ctx, place, query.cursor);
    const after = position === undefined ? 0n : BigInt(position);
    const found = await listEvents(ctx, { merchantId, after, limit: limit + 1, type, transactionId });
    const page = found.slice(0, limit);
    const last = page.at(-1)?.position ?? (position === undefined ? null : after);
    const lastCursor = sealCursor(ctx, place, last === null ? null : String(last));
    return json(200, {
      data: page.map(({ event }) => event),
      nextCursor: found.length > limit ? lastCursor : null,
      lastCursor,
    });
  },
});

export const eventRoutes = [list];
