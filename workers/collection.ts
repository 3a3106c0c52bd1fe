// The collections queue: each job advances one collection.
import { collectionFlow } from '../src/collections/flow.ts';
import { advance } from '../src/transactions/advance.ts';
import { stumble } from '../src/transactions/stumble.ts';
import type { Definition } from './define-worker.ts';

export const collectionWorker: Definition = {
  queue: 'collections',
  run: (ctx, id) => advance(ctx, collectionFlow, id, { cause: 'worker', actor: 'worker', insists: false }),
  stumble,
};
