// A worker: takes ids off one queue, runs one function for each, and turns errors into what becomes of the job.
import type { Processor } from 'bullmq';
import type { Context } from '../src/context.ts';
import { isConnectionLoss, isTransient } from '../src/db/knex.ts';
import { InvariantBroken, NotFound, StaleState } from '../src/errors.ts';
import type { QueueName } from '../src/queue/queues.ts';
import type { JobData, WorkerBackend } from '../src/queue/store.ts';

export interface Definition {
  readonly queue: QueueName;
  /** Jobs at once in a process; JOB_CONCURRENCY unless said otherwise. */
  readonly concurrency?: number;
  /** Does whatever the row with this id needs now. The job knows nothing else. */
  readonly run: (ctx: Context, id: string) => Promise<unknown>;
  /** What to do with the row when `run` failed in a way nobody expected. */
  readonly stumble: (ctx: Context, id: string, error: unknown) => Promise<void>;
}

/** A job that is not about a row of ours (somebody added it by hand in the board) is left alone. */
function idOf(data: unknown): string | null {
  const id = (data as { id?: unknown } | null)?.id;
  return typeof id === 'string' && /^[0-9A-Za-z]{28}$/.test(id) ? id : null;
}

/** The processor BullMQ calls. A job's end means nothing for money: it is done, or tried again, or found by the sweep. */
export function processorOf(ctx: Context, definition: Definition): Processor<JobData, void> {
  return async (job) => {
    const id = idOf(job.data);
    if (id === null) return;
    try {
      await definition.run(ctx, id);
    } catch (error) {
      if (error instanceof StaleState || error instanceof NotFound) return;
      const infrastructure = isConnectionLoss(error) || isTransient(error);
      const fields = { queue: definition.queue, jobId: job.id ?? '', error };
      if (infrastructure) {
        ctx.log.warn(fields, 'the database was not there for a job; it is tried again');
        throw error;
      }
      ctx.log.error(fields, error instanceof InvariantBroken ? 'an invariant is broken' : 'a job failed unexpectedly');
      await definition.stumble(ctx, id, error);
    }
  };
}

export async function startWorker(ctx: Context, backend: WorkerBackend, definition: Definition) {
  const { queue, concurrency } = definition;
  const choices = concurrency === undefined ? {} : { concurrency };
  const worker = await backend.worker(queue, processorOf(ctx, definition), choices);
  worker.on('failed', (job, error) => {
    ctx.log.warn(
      { queue: definition.queue, jobId: job?.id ?? '', error },
      'a job was given up; the sweep will find its row',
    );
  });
  return worker;
}
