// Sees payouts settle by asking the database for all outstanding ones at once, every few milliseconds.
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { SETTLED } from './subject.ts';

export interface Watch {
  /** Resolves when the payout has settled. Raises when it ended otherwise, or nothing at all ended for a long time. */
  settled(id: string): Promise<void>;
  /** The backend's process id: its work is the harness's, not the product's. */
  readonly backendPid: number;
  close(): Promise<void>;
}

const PAUSE_MS = 5;
const PATIENCE_MS = 20_000;

export async function openWatch(of: { url: string; endedText: string }): Promise<Watch> {
  const client = new pg.Client({ connectionString: of.url });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const waiting = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  let closed = false;
  let progressAt = performance.now();

  async function look() {
    const ended = await client.query<{ id: string; state: string }>({
      name: 'ended',
      text: of.endedText,
      values: [[...waiting.keys()]],
    });
    for (const { id, state } of ended.rows) {
      const waiter = waiting.get(id);
      waiting.delete(id);
      if (state === SETTLED) waiter?.resolve();
      else waiter?.reject(new Error(`the payout ${id} ended as ${state}`));
    }
    if (ended.rows.length > 0) progressAt = performance.now();
    if (performance.now() - progressAt > PATIENCE_MS) {
      throw new Error(`none of ${waiting.size} payouts settled for ${PATIENCE_MS / 1000} s`);
    }
  }

  async function run() {
    try {
      while (!closed) {
        if (waiting.size > 0) await look();
        else progressAt = performance.now();
        await wait(PAUSE_MS);
      }
    } catch (error) {
      for (const { reject } of waiting.values()) reject(error as Error);
      waiting.clear();
    }
  }
  const running = run();

  return {
    backendPid: rows[0]?.pid ?? 0,
    settled: (id) => new Promise((resolve, reject) => waiting.set(id, { resolve, reject })),
    async close() {
      closed = true;
      await running;
      await client.end();
    },
  };
}
