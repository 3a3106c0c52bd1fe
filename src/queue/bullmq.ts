// The queues' port on BullMQ: jobs that carry an id, added in bulk as bells arrive, and nothing here that money depends on.
import { setImmediate as turn } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import { openBackend } from './backend.ts';
import { type Bell, QUEUE_NAMES, type QueueName, type Queues } from './queues.ts';
import type { NewJob } from './store.ts';

/** Of one addition: bounds a single command's size and time. */
const MAX_BATCH = 500;
/** Bells that may wait for the store; more than this is left to the sweep at once. */
const MAX_WAITING = 10_000;

export interface BullmqQueues extends Queues {
  /** Removes every job of a queue, waiting or running or failed: what is due is in the database (`queues rebuild`). */
  obliterate(name: QueueName): Promise<void>;
  /** How many jobs wait, run, are delayed, or have failed. Raises while the store is away. */
  counts(name: QueueName): Promise<{ waiting: number; active: number; delayed: number; failed: number }>;
  /** A sentence about a store that is set up so that it may lose jobs (Redis that evicts keys); null when all is well. */
  problem(): Promise<string | null>;
}

/** Opens nothing that could fail: while the store is away bells are dropped, and the sweep rings whatever stays due. */
export function openQueues(of: { config: Config; log: Logger }): BullmqQueues {
  const { config, log } = of;
  const backend = openBackend(config);
  const rings = new Map(QUEUE_NAMES.map((name) => [name, { waiting: [] as Bell[], busy: false }]));
  let away = false;

  function heard(error: unknown, dropped: number) {
    if (!away)
      log.warn({ event: 'queues_away', count: dropped, error }, 'The queues do not answer; the sweep will ring.');
    away = true;
  }

  async function add(name: QueueName, bells: readonly Bell[]): Promise<void> {
    const ahead = bells.filter((bell) => bell.ahead);
    const behind = ahead.length === 0 ? bells : bells.filter((bell) => !bell.ahead);
    // What goes to the head of a list comes out in the other order.
    if (ahead.length > 0) await backend.add(name, ahead.reverse().map(jobOf), true);
    if (behind.length > 0) await backend.add(name, behind.map(jobOf), false);
    if (away) log.info({ event: 'queues_back' }, 'The queues answer again.');
    away = false;
  }

  /** While one batch is on its way the next one gathers: load makes the batches larger, and at rest nothing waits. */
  async function flush(name: QueueName, ring: { waiting: Bell[]; busy: boolean }): Promise<void> {
    ring.busy = true;
    // What is rung in the same turn of the event loop travels together.
    await turn();
    while (ring.waiting.length > 0) {
      const batch = ring.waiting.splice(0, MAX_BATCH);
      try {
        await add(name, batch);
      } catch (error) {
        heard(error, batch.length + ring.waiting.length);
        ring.waiting.length = 0;
      }
    }
    ring.busy = false;
  }

  return {
    ring(bells) {
      for (const bell of bells) {
        const ring = rings.get(bell.queue);
        if (ring !== undefined && ring.waiting.length < MAX_WAITING) ring.waiting.push(bell);
      }
      for (const [name, ring] of rings) if (!ring.busy && ring.waiting.length > 0) void flush(name, ring);
    },

    async ringNow(bells) {
      let added = 0;
      try {
        for (const [name, all] of byQueue(bells)) {
          for (let at = 0; at < all.length; at += MAX_BATCH) {
            const batch = all.slice(at, at + MAX_BATCH);
            await add(name, batch);
            added += batch.length;
          }
        }
      } catch (error) {
        heard(error, bells.length - added);
      }
      return { added, failed: bells.length - added };
    },

    async gone(bells) {
      const lost: Bell[] = [];
      for (const [name, all] of byQueue(bells)) {
        const hanging = await backend.hanging(name, all.map(jobIdOf));
        lost.push(...all.filter((bell) => !hanging.has(jobIdOf(bell))));
      }
      return lost;
    },

    async counts(name) {
      const queue = await backend.queue(name);
      const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed');
      const of = (state: string) => counts[state] ?? 0;
      return {
        waiting: of('waiting') + of('prioritized'),
        active: of('active'),
        delayed: of('delayed'),
        failed: of('failed'),
      };
    },

    async obliterate(name) {
      const queue = await backend.queue(name);
      await queue.obliterate({ force: true });
    },

    ping: () => backend.ping().catch(() => false),
    problem: () => backend.problem().catch(() => null),
    close: () => backend.close(),
  };
}

/** Its own id per generation: BullMQ silently ignores an id it still knows, even of a job that has failed. */
function jobIdOf(bell: Bell): string {
  return `${bell.id}-${bell.generation}`;
}

function jobOf(bell: Bell): NewJob {
  return { jobId: jobIdOf(bell), data: { id: bell.id } };
}

function byQueue(bells: readonly Bell[]): Map<QueueName, Bell[]> {
  return Map.groupBy(bells, (bell) => bell.queue);
}
