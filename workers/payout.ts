// The payouts queue: each job advances one payout.
import { payoutFlow } from '../src/payouts/flow.ts';
import { advance } from '../src/transactions/advance.ts';
import { stumble } from '../src/transactions/stumble.ts';
import type { Definition } from './define-worker.ts';

export const payoutWorker: Definition = {
  queue: 'payouts',
  run: (ctx, id) => advance(ctx, payoutFlow, id, { cause: 'worker', actor: 'worker', insists: false }),
  stumble,
};
