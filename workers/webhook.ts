// The webhooks queue: each job follows up one stored event.
import { collectionFlow } from '../src/collections/flow.ts';
import { payoutFlow } from '../src/payouts/flow.ts';
import type { Flow } from '../src/transactions/flow.ts';
import type { TransactionType } from '../src/transactions/transaction.ts';
import { applyWebhookEvent, postponeWebhookEvent } from '../src/webhooks/apply.ts';
import type { Definition } from './define-worker.ts';

export const flows: Record<TransactionType, Flow> = { payout: payoutFlow, collection: collectionFlow };

export const webhookWorker: Definition = {
  queue: 'webhooks',
  run: (ctx, id) => applyWebhookEvent(ctx, flows, id),
  stumble: (ctx, id) => postponeWebhookEvent(ctx, id),
};
