// How payments and queues stand at this moment: what is due, what waits for approval, what is sent in vain, why payments failed.
import { type Db, runAlone } from '../db/knex.ts';
import { QUEUE_NAMES, type QueueName } from '../queue/queues.ts';

/** Rows that one question looks at, so that a backlog makes no page slow; beyond it the answer is "at least". */
export const LOOKED_AT = 5000;

export interface Backlog {
  readonly queue: QueueName;
  readonly due: number;
  /** There are more: LOOKED_AT rows were looked at. */
  readonly isMore: boolean;
  readonly oldestDueAt: Date | null;
}

// By the two questions of the sweep, so that its index answers: not rung for its date yet, and rung but still due.
const dueOf = (table: string, queue: string) => `
  SELECT ${queue} AS queue, count(*)::int AS due, sum(count(*)) OVER () >= $1 AS "isMore", min(due_at) AS "oldestDueAt" FROM (
    (SELECT id, due_at FROM ${table} WHERE rung_at IS NULL AND due_at <= now() ORDER BY rung_at NULLS FIRST, due_at LIMIT $1)
    UNION ALL
    (SELECT id, due_at FROM ${table} WHERE rung_at <= now() AND due_at <= now() ORDER BY rung_at NULLS FIRST, due_at LIMIT $1)
  ) d GROUP BY 1`;
const BACKLOG = {
  name: 'overview_backlog',
  text: [
    dueOf('transactions', "CASE left(id, 2) WHEN 'po' THEN 'payouts' ELSE 'collections' END"),
    dueOf('bulks', "'bulk'"),
    dueOf('webhook_events', "'webhooks'"),
    dueOf('webhook_endpoints', "'notifications'"),
  ].join(' UNION ALL '),
};

/** What every queue has to do now, in the order of QUEUE_NAMES. The rows are asked, not the queue: they are the truth. */
export async function backlogs(db: Db): Promise<readonly Backlog[]> {
  const rows = await runAlone<Backlog>(db, BACKLOG, [LOOKED_AT]);
  return QUEUE_NAMES.map(
    (queue) => rows.find((row) => row.queue === queue) ?? { queue, due: 0, isMore: false, oldestDueAt: null },
  );
}

/** Fruitless tries in a row after which a payment counts as sent in vain: the provider is away, or its wallet is short. */
export const IN_VAIN = 3;
// The next ones by date: what is tried again is due within minutes, what is scheduled mostly later.
const VAIN = {
  name: 'overview_in_vain',
  text: `
    SELECT currency, count(*)::int AS count, min(created_at) AS since FROM (
      SELECT currency, created_at, state, tries FROM transactions WHERE rung_at IS NULL AND due_at IS NOT NULL
      ORDER BY rung_at NULLS FIRST, due_at LIMIT $1
    ) t WHERE state = 'accepted' AND tries >= ${IN_VAIN} GROUP BY currency ORDER BY currency`,
};

export interface Waiting {
  readonly count: number;
  readonly since: Date;
}

/** Accepted payments that are tried again and again, by currency. */
export function inVain(db: Db): Promise<readonly (Waiting & { readonly currency: string })[]> {
  return runAlone(db, VAIN, [LOOKED_AT]);
}

const AWAITING = {
  name: 'overview_awaiting_approval',
  text: `
    SELECT count(*)::int AS count, min(created_at) AS since FROM (
      SELECT created_at FROM transactions WHERE state = 'awaiting_approval' ORDER BY created_at, id LIMIT $1
    ) t HAVING count(*) > 0`,
};

/** Payouts that wait for somebody's approval; null when there are none. */
export async function awaitingApproval(db: Db): Promise<Waiting | null> {
  const [row] = await runAlone<Waiting>(db, AWAITING, [LOOKED_AT]);
  return row ?? null;
}

const LAST_MOVE = {
  name: 'overview_last_move',
  text: 'SELECT at FROM transaction_history WHERE is_told(from_state, to_state) ORDER BY xact DESC, id DESC LIMIT 1',
};

/** When a payment last got anywhere. */
export async function lastMoveAt(db: Db): Promise<Date | null> {
  const [row] = await runAlone<{ at: Date }>(db, LAST_MOVE, []);
  return row?.at ?? null;
}

/** The newest failures of a span that are looked at. */
export const FAILURES = 2000;
const WHY = {
  name: 'overview_failures',
  text: `
    SELECT code, count(*)::int AS count FROM (
      SELECT failure_code AS code, created_at FROM transactions WHERE state = 'failed' AND created_at < $2
      ORDER BY created_at DESC, id DESC LIMIT ${FAILURES}
    ) f WHERE created_at >= $1 GROUP BY code ORDER BY count(*) DESC, code`,
};

/** Why payments created in that time have failed, most frequent reason first: of the newest FAILURES. */
export function failures(db: Db, from: Date, to: Date): Promise<readonly { code: string; count: number }[]> {
  return runAlone(db, WHY, [from, to]);
}
