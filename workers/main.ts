// Starts the workers, the sweep and the housekeeping in one process, and stops them cleanly.
import type { Worker } from 'bullmq';
import { compose } from '../src/compose.ts';
import { readConfig } from '../src/config.ts';
import type { Context } from '../src/context.ts';
import { refuseToStart, stopOnSignal } from '../src/process.ts';
import { openWorkerBackend } from '../src/queue/backend.ts';
import type { WorkerBackend } from '../src/queue/store.ts';
import { collectionWorker } from './collection.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { type Definition, startWorker } from './define-worker.ts';
import { keepHouse } from './housekeeping.ts';
import { payoutWorker } from './payout.ts';
import { sweepOnce } from './sweep.ts';
import { flows, webhookWorker } from './webhook.ts';

const DEFINITIONS: readonly Definition[] = [payoutWorker, collectionWorker, webhookWorker];

/** Everything a worker process runs. `stop` lets running jobs end within SHUTDOWN_GRACE_MS; what does not is looked up later. */
export async function startWorkers(ctx: Context): Promise<{ stop(): Promise<void> }> {
  const backend: WorkerBackend = await openWorkerBackend(ctx.config, (error) =>
    ctx.log.warn({ event: 'queue', error }, 'the queues are away'),
  );
  const workers: Worker[] = [];
  for (const definition of DEFINITIONS) workers.push(await startWorker(ctx, backend, definition));
  const { SWEEP_INTERVAL_MS, ROLLUP_INTERVAL_MS, REVERSAL_CHECK_MS } = ctx.config;
  const daemons: Daemon[] = [
    startDaemon({ name: 'sweep', intervalMs: SWEEP_INTERVAL_MS, log: ctx.log, runOnce: () => sweepOnce(ctx) }),
    startDaemon({
      name: 'housekeeping',
      intervalMs: Math.min(ROLLUP_INTERVAL_MS, REVERSAL_CHECK_MS),
      log: ctx.log,
      runOnce: () => keepHouse(ctx, flows),
    }),
  ];
  return {
    async stop() {
      const grace = AbortSignal.timeout(ctx.config.SHUTDOWN_GRACE_MS);
      const stopped = Promise.all([
        ...daemons.map((daemon) => daemon.stop()),
        ...workers.map((worker) => worker.close()),
      ]);
      const late = new Promise<void>((resolve) => grace.addEventListener('abort', () => resolve(), { once: true }));
      await Promise.race([stopped, late]);
      await Promise.all(workers.map((worker) => worker.close(true)));
      await backend.close();
    },
  };
}

if (import.meta.main) {
  const config = refuseToStart(() => readConfig());
  const ctx = compose(config);
  const workers = await startWorkers(ctx);
  ctx.log.info({ event: 'workers_ready' }, 'the workers are ready');
  stopOnSignal(ctx.log, async () => {
    await workers.stop();
    await ctx.close();
  });
}
