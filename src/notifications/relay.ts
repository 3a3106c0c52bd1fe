// The relay: makes events and deliveries of what the history says, once each and in the order of its commits. One works at a time.
import type { Context } from '../context.ts';
import { runWhole } from '../db/knex.ts';
import { bellsOf } from './publish.ts';

/** Moves of the history per statement: bounds one commit, not the backlog. */
const AT_ONCE = 1000;
/** Batches of one round, so that replays get their turn behind a backlog. */
const MAX_ROUNDS = 100;
/** Events that wait longer than this behind a running database transaction are worth a word. */
const LATE_MS = 60_000;

const RELAY = { name: 'relay_events', text: 'SELECT * FROM relay_events($1)' };

interface Relayed {
  readonly moves: number;
  readonly waiting_ms: bigint | null;
  readonly restored: boolean;
  readonly endpoints: string[] | null;
  readonly generations: number[] | null;
}

/** One round; gives how many moves were read. Zero too while another process relays. Safe in any number of processes at once. */
export async function relayOnce(ctx: Context): Promise<number> {
  let moves = 0;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const [relayed] = await runWhole<Relayed>(ctx.db, RELAY, [AT_ONCE]);
    if (relayed === undefined) break;
    ctx.queues.ring(bellsOf(relayed));
    moves += relayed.moves;
    if (relayed.restored)
      ctx.log.warn(
        { event: 'relay_restored' },
        'the history was numbered by another cluster; its events are caught up',
      );
    const waitMs = Number(relayed.waiting_ms ?? 0);
    if (waitMs > LATE_MS)
      ctx.log.warn({ event: 'events_late', waitMs }, 'events wait for a database transaction that does not end');
    if (relayed.moves === 0) break;
  }
  return moves;
}
