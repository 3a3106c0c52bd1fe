// Starts the workers, the sweep and the housekeeping in one process, and stops them cleanly.
import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import { rollUpActivity } from '../src/activity/roll-up.ts';
import { compose } from '../src/compose.ts';
import { readConfig } from '../src/config.ts';
import type { Context } from '../src/context.ts';
import { relayOnce } from '../src/notifications/relay.ts';
import { replayOnce } from '../src/notifications/replay.ts';
import { refuseToStart, stopOnSignal } from '../src/process.ts';
import { openWorkerBackend } from '../src/queue/backend.ts';
import type { WorkerBackend } from '../src/queue/store.ts';
import { recoverBeforeStart } from '../src/reconciliation/recover-first.ts';
import { checkBeforeStart } from '../src/self-check.ts';
import { bulkWorker } from './bulk.ts';
import { collectionWorker } from './collection.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { type Definition, startWorker } from './define-worker.ts';
import { keepHouse } from './housekeeping.ts';
import { notificationWorker } from './notification.ts';
import { payoutWorker } from './payout.ts';
import { sweepOnce } from './sweep.ts';
import { flows, webhookWorker } from './webhook.ts';

const DEFINITIONS: readonly Definition[] = [
  payoutWorker,
  collectionWorker,
  bulkWorker,
  webhookWorker,
  notificationWorker,
];

/** Everything a worker process runs. `stop` lets running jobs end within SHUTDOWN_GRACE_MS; what does not is looked up later. */
export async function startWorkers(ctx: Context): Promise<{ stop(): Promise<void> }> {
  const backend: WorkerBackend = await openWorkerBackend(ctx.config, (error) =>
    ctx.log.warn({ event: 'queue', error }, 'the queues are away'),
  );
  const workers: Worker[] = [];
  for (const definition of DEFINITIONS) workers.push(await startWorker(ctx, backend, definition));
  const { SWEEP_INTERVAL_MS, RELAY_INTERVAL_MS, ACTIVITY_INTERVAL_MS, ROLLUP_INTERVAL_MS, REVERSAL_CHECK_MS } =
    ctx.config;
  const daemons: Daemon[] = [
    startDaemon({ name: 'sweep', intervalMs: SWEEP_INTERVAL_MS, log: ctx.log, runOnce: () => sweepOnce(ctx) }),
    startDaemon({
      name: 'relay',
      intervalMs: RELAY_INTERVAL_MS,
      log: ctx.log,
      runOnce: async () => {
        await relayOnce(ctx);
        await replayOnce(ctx);
      },
    }),
    startDaemon({
      name: 'activity',
      intervalMs: ACTIVITY_INTERVAL_MS,
      log: ctx.log,
      runOnce: () => rollUpActivity(ctx.db),
    }),
    startDaemon({
      name: 'housekeeping',
      intervalMs: Math.min(ROLLUP_INTERVAL_MS, REVERSAL_CHECK_MS),
      log: ctx.log,
      runOnce: () => keepHouse(ctx, flows),
    }),
  ];
  return {
    async stop() {
      const daemonsStopped = daemons.map((daemon) => daemon.stop());
      const stopped = Promise.all([...daemonsStopped, ...workers.map((worker) => worker.close())]);
      // What does not end within the grace is left as it is: its row has a date, and whoever comes next looks it up.
      const late = wait(ctx.config.SHUTDOWN_GRACE_MS, undefined, { ref: false });
      await Promise.race([stopped, late]);
      await Promise.race([backend.close(), wait(1000, undefined, { ref: false })]);
    },
  };
}

if (import.meta.main) {
  const config = refuseToStart(() => readConfig());
  const ctx = compose(config);
  await checkBeforeStart(ctx);
  await recoverBeforeStart(ctx);
  const workers = await startWorkers(ctx);
  ctx.log.info({ event: 'workers_ready' }, 'the workers are ready');
  stopOnSignal({
    log: ctx.log,
    graceMs: config.SHUTDOWN_GRACE_MS,
    stop: async () => {
      await workers.stop();
      await ctx.close();
    },
  });
}
