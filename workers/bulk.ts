// The bulk queue: each job does whatever one bulk needs now.
import { postponeBulk, workOnBulk } from '../src/payouts/bulk/work.ts';
import type { Definition } from './define-worker.ts';

export const bulkWorker: Definition = {
  queue: 'bulk',
  // Each keeps a database connection busy for as long as its file lasts; payouts need theirs.
  concurrency: 2,
  run: workOnBulk,
  stumble: postponeBulk,
};
