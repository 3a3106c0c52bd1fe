// The queues' port: ringing a doorbell, and asking whether one still hangs. BullMQ stands behind it (queue/bullmq.ts).

/** The queues, by the kind of row whose id their jobs carry. */
export const QUEUE_NAMES = ['collections', 'payouts', 'bulk', 'webhooks', 'notifications'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** One doorbell: the row's id and its generation, which make the job's id (`<id>-<generation>`). A job carries the id and nothing else. */
export interface Bell {
  readonly queue: QueueName;
  readonly id: string;
  readonly generation: number;
  /** Goes before whatever waits: about a row that the provider may know of, which must not wait behind a backlog of new ones. */
  readonly ahead?: boolean;
}

export interface Queues {
  /** Adds jobs in bulk, in the background; failing fast and silently (logged), since the sweep rings whatever stays due. */
  ring(bells: readonly Bell[]): void;
  /** Adds jobs and says which could not be added. */
  ringNow(bells: readonly Bell[]): Promise<{ readonly added: number; readonly failed: number }>;
  /** Of these bells, those whose job no longer waits or runs (finished, failed, lost): the sweep rings them again. */
  gone(bells: readonly Bell[]): Promise<readonly Bell[]>;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}
