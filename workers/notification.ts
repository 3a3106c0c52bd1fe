// The notifications queue: each job sends what is due to one webhook endpoint of a merchant.
import { postponeEndpoint } from '../src/notifications/lease.ts';
import { runEndpoint } from '../src/notifications/run-endpoint.ts';
import type { Definition } from './define-worker.ts';

export const notificationWorker: Definition = {
  queue: 'notifications',
  run: runEndpoint,
  stumble: (ctx, id) => postponeEndpoint(ctx, id),
};
