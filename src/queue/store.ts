// What the two places where queues can live (Redis, Postgres) have in common.
import type { JobsOptions, Processor, Queue, Worker, WorkerOptions } from 'bullmq';
import type { Config } from '../config.ts';
import type { QueueName } from './queues.ts';

/** A job carries the id of a row, and nothing that could move money. */
export interface JobData {
  readonly id: string;
}

export const JOB_NAME = 'advance';

/** Attempts are for infrastructure errors within a job; what happens to money is decided from the row, and by the sweep. */
export const JOB_OPTIONS: JobsOptions = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
  removeOnComplete: true,
  removeOnFail: { age: 24 * 3600, count: 1000 },
};

export interface NewJob {
  readonly jobId: string;
  readonly data: JobData;
}

/** What a worker may set itself; the rest comes from the configuration. */
export type WorkerChoices = Pick<WorkerOptions, 'name' | 'autorun' | 'concurrency'>;

export interface Backend {
  /** The queue, ready for use. Raises, within seconds, while the store is away, and can simply be asked for again. */
  queue(name: QueueName): Promise<Queue<JobData>>;
  /** Adds the jobs in their order, behind whatever waits or `ahead` of it; ids that are known are left alone. Raises while the store is away. */
  add(name: QueueName, jobs: readonly NewJob[], ahead: boolean): Promise<void>;
  /** The jobs, of these, that still wait or run. Raises while the store is away. */
  hanging(name: QueueName, jobIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whether the store answers. */
  ping(): Promise<boolean>;
  /** A sentence about a store that is set up so that it may lose jobs; null when it is not, or cannot be asked. */
  problem(): Promise<string | null>;
  close(): Promise<void>;
}

export interface WorkerBackend {
  /**
   * Starts a worker, which then reconnects for ever. On Redis it may start before Redis does; on Postgres it raises while the
   * database is away. The caller closes it.
   */
  worker(name: QueueName, process: Processor<JobData, void>, choices?: WorkerChoices): Promise<Worker<JobData, void>>;
  /** Whether the store answers. */
  ping(): Promise<boolean>;
  /** Closes what the workers share; close the workers first. */
  close(): Promise<void>;
}

/** Opens each queue once; one that could not be opened is opened anew the next time. */
export function openedOnce(open: (name: QueueName) => Promise<Queue<JobData>>) {
  const queues = new Map<QueueName, Promise<Queue<JobData>>>();
  return {
    of(name: QueueName): Promise<Queue<JobData>> {
      const known = queues.get(name);
      if (known !== undefined) return known;
      const opening = open(name);
      queues.set(name, opening);
      opening.catch(() => queues.delete(name));
      return opening;
    },
    async close(): Promise<void> {
      for (const queue of await Promise.allSettled(queues.values()))
        if (queue.status === 'fulfilled') await queue.value.close().catch(() => undefined);
    },
  };
}

/** Worker settings that follow from the configuration, the same on both stores. */
export function workerSettings(config: Config) {
  return {
    concurrency: config.JOB_CONCURRENCY,
    lockDuration: config.JOB_LOCK_MS,
    // A job whose worker died is back within two of these; the sweep does not wait for it.
    stalledInterval: config.JOB_LOCK_MS,
    maxStalledCount: 1,
    // BullMQ's own 15 s would leave workers idle long after the store is back.
    runRetryDelay: 1000,
  } as const;
}
