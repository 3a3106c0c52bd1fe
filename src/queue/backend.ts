// Where the queues live: Redis when there is one, else BullMQ's own tables in the database. Both give the same queues and workers.
import type { Queue } from 'bullmq';
import type { Config } from '../config.ts';
import { openPostgresBackend, openPostgresWorkers } from './postgres-backend.ts';
import { QUEUE_NAMES } from './queues.ts';
import { openRedisBackend, openRedisWorkers, redisQueuesForBoard } from './redis-backend.ts';
import type { Backend, JobData, WorkerBackend } from './store.ts';

const QUIET_MS = 5000;

/** For adding and asking: refused at once, or within seconds, while the store is away. */
export function openBackend(config: Config): Backend {
  return config.REDIS_URL === undefined ? openPostgresBackend(config) : openRedisBackend(config.REDIS_URL);
}

/**
 * For `workers/define-worker.ts`. `onError` hears of lost connections, which the workers outlive, at most once in five seconds. On Postgres it makes
 * BullMQ's tables first and raises while the database is away.
 */
export async function openWorkerBackend(config: Config, onError: (error: Error) => void): Promise<WorkerBackend> {
  const heard = sparingly(onError);
  return config.REDIS_URL === undefined
    ? openPostgresWorkers(config, heard)
    : openRedisWorkers(config, config.REDIS_URL, heard);
}

/** Every worker reports every failed attempt on each of its connections: one of them in five seconds tells as much. */
function sparingly(onError: (error: Error) => void): (error: Error) => void {
  let quietUntil = 0;
  return (error) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + QUIET_MS;
    onError(error);
  };
}

/** BullMQ's own objects for Bull Board, on connections of their own. On Postgres it raises while the database is away. */
export async function openQueuesForBoard(
  config: Config,
): Promise<{ queues: Queue<JobData>[]; close(): Promise<void> }> {
  if (config.REDIS_URL !== undefined) return redisQueuesForBoard(config.REDIS_URL);
  const backend = openPostgresBackend(config);
  try {
    return { queues: await Promise.all(QUEUE_NAMES.map((name) => backend.queue(name))), close: backend.close };
  } catch (error) {
    await backend.close();
    throw error;
  }
}
