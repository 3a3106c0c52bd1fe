// Adding up what happens, for the overview: moves of the history and earnings become sums by time, figure and currency.
import { type Db, inTransaction, READ_EVERYTHING, runAlone } from '../db/knex.ts';

/** Moves of one commit: some tens of milliseconds. */
const AT_ONCE = 5000;
/** Commits of one round, so that a stop is not kept waiting by a long backlog. */
const ROUNDS = 20;

const ROLL_UP = { name: 'roll_up_activity', text: 'SELECT roll_up_activity($1) AS moves' };
// Of no use after a day or so: nothing reads them any more.
const FORGET = {
  name: 'forget_fine_activity',
  text: `
    DELETE FROM activity_sums WHERE grain_minutes = 5 AND starts_at < now() - interval '3 days'`,
};

/** Adds up what has been committed since the last time; gives how many moves. Several processes may ask at once: one does it. */
export async function rollUpActivity(db: Db): Promise<number> {
  let moves = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const [row] = await runAlone<{ moves: number }>(db, ROLL_UP, [AT_ONCE]);
    moves += row?.moves ?? 0;
    if (row === undefined || row.moves < AT_ONCE) break;
  }
  return moves;
}

/** Drops the finest sums once nobody asks for them any more. */
export async function forgetFineActivity(db: Db): Promise<void> {
  await runAlone(db, FORGET, []);
}

/** Makes every sum anew from the history, also in another cluster. Nothing is paid meanwhile. */
export async function rebuildActivity(db: Db): Promise<void> {
  await inTransaction(db, async (trx) => {
    await trx.raw(`${READ_EVERYTHING}; SET LOCAL lock_timeout = '60s'`);
    await trx.raw('SELECT rebuild_activity()');
  });
}
