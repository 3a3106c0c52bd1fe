// Probes: whether the process lives, and whether it can serve.
import { z } from 'zod';
import { defineRoute, json } from '../define-route.ts';
import { readiness } from '../readiness.ts';

const health = z.enum(['up', 'down']);
const liveness = z.strictObject({ status: z.literal('live') }).meta({ id: 'Liveness' });
const report = z
  .strictObject({
    status: z.enum(['ready', 'degraded', 'not_ready', 'stopping']),
    checks: z.strictObject({ database: health, migrations: health, cache: health, queues: health, provider: health }),
  })
  .meta({ id: 'Readiness' });
const DATABASE_DOWN = {
  status: 'not_ready',
  checks: { database: 'down', migrations: 'down', cache: 'down', queues: 'down', provider: 'up' },
};

/** `isStopping` turns readiness off while the process ends, so that nobody sends it anything new. */
export function healthRoutes(isStopping: () => boolean) {
  const live = defineRoute({
    method: 'GET',
    path: '/livez',
    operationId: 'getLiveness',
    tag: 'Operation',
    scope: null,
    limit: 'probes',
    summary: 'Whether the process lives',
    responses: { 200: { description: 'It does.', schema: liveness } },
    handler: () => json(200, { status: 'live' }),
  });

  const ready = defineRoute({
    method: 'GET',
    path: '/readyz',
    operationId: 'getReadiness',
    tag: 'Operation',
    scope: null,
    limit: 'probes',
    summary: 'Whether it can serve',
    description:
      'Ready as long as the database answers and is migrated; `degraded` while cache, queues or provider are not well.',
    responses: {
      200: { description: 'Ready, or degraded.', schema: report },
      503: { description: 'Not ready, or stopping.', schema: report, example: DATABASE_DOWN },
    },
    async handler({ ctx }) {
      const found = await readiness(ctx);
      const status = isStopping() ? 'stopping' : found.status;
      return json(status === 'ready' || status === 'degraded' ? 200 : 503, { ...found, status });
    },
  });

  return [live, ready];
}
