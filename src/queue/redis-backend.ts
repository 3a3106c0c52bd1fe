// BullMQ on Redis: one shared connection for adding that fails fast, and patient ones for workers.
import { type Processor, Queue, Worker } from 'bullmq';
import type { Config } from '../config.ts';
import { connectRedis, FAIL_FAST, firstAttempt, PATIENT } from '../redis.ts';
import { QUEUE_NAMES, type QueueName } from './queues.ts';
import { addJobs } from './redis-add.ts';
import { type Backend, type JobData, openedOnce, type WorkerBackend, workerSettings } from './store.ts';

/** In braces, so that in a Redis Cluster all keys of a queue live on one node, as its scripts need. */
const PREFIX = '{eversend-payments}';

export function openRedisBackend(url: string): Backend {
  // Every failed attempt to connect is an error event; callers hear of it when they ask for something.
  const redis = connectRedis(url, FAIL_FAST, () => undefined);
  const attempted = firstAttempt(redis);

  /** BullMQ asks the server's version first and never again: a queue that failed at that is thrown away. */
  async function openQueue(name: QueueName): Promise<Queue<JobData>> {
    const queue = new Queue<JobData>(name, { connection: redis, prefix: PREFIX });
    queue.on('error', () => undefined);
    try {
      await queue.waitUntilReady();
      return queue;
    } catch (error) {
      await queue.close().catch(() => undefined);
      throw error;
    }
  }

  const queues = openedOnce(openQueue);

  async function present() {
    await attempted;
    // Asked before BullMQ is: it would wait for the connection however long that takes.
    if (redis.status !== 'ready') throw new Error(`Redis is away (${redis.status})`);
  }

  async function queueOf(name: QueueName): Promise<Queue<JobData>> {
    await present();
    return queues.of(name);
  }

  return {
    queue: queueOf,
    add: async (name, jobs, ahead) => addJobs(redis, await queueOf(name), jobs, ahead),

    async hanging(name, jobIds) {
      await present();
      const pipeline = redis.pipeline();
      // A job without a hash is gone; one with a finish time has ended, as failed at least, and rings no more.
      for (const id of jobIds) pipeline.hmget(`${PREFIX}:${name}:${id}`, 'timestamp', 'finishedOn');
      const replies = (await pipeline.exec()) ?? [];
      return new Set(
        jobIds.filter((_id, at) => {
          const [error, fields] = replies[at] ?? [new Error('Redis gave no reply'), null];
          if (error !== null) throw error;
          const [addedAt, finishedAt] = fields as (string | null)[];
          return addedAt !== null && finishedAt === null;
        }),
      );
    },

    async ping() {
      await present();
      return (await redis.ping()) === 'PONG';
    },

    async problem() {
      await present();
      const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
      return policy === undefined || policy === 'noeviction'
        ? null
        : `Redis evicts keys (${policy}): set maxmemory-policy to noeviction.`;
    },

    async close() {
      await queues.close();
      redis.disconnect();
    },
  };
}

/** Every worker adds a connection of its own for its blocking read. */
export function openRedisWorkers(config: Config, url: string, onError: (error: Error) => void): WorkerBackend {
  const redis = connectRedis(url, PATIENT, onError);
  return {
    async worker(name: QueueName, process: Processor<JobData, void>, choices = {}) {
      const options = { ...workerSettings(config), ...choices, connection: redis, prefix: PREFIX };
      const worker = new Worker<JobData, void>(name, process, options);
      worker.on('error', onError);
      return worker;
    },
    ping: async () => redis.status === 'ready' && (await redis.ping()) === 'PONG',
    async close() {
      redis.disconnect();
    },
  };
}

/** For Bull Board, whose pages may wait a moment for a lost connection. */
export function redisQueuesForBoard(url: string): { queues: Queue<JobData>[]; close(): Promise<void> } {
  const redis = connectRedis(url, { ...FAIL_FAST, enableOfflineQueue: true }, () => undefined);
  const queues = QUEUE_NAMES.map((name) => {
    const queue = new Queue<JobData>(name, { connection: redis, prefix: PREFIX });
    queue.on('error', () => undefined);
    return queue;
  });
  return {
    queues,
    async close() {
      redis.disconnect();
    },
  };
}
