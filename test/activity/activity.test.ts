// What is added up for the overview: always what the rows say, whatever was added up when, by whom, and however that ended.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readActivity, type Span } from '../../src/activity/read.ts';
import { rebuildActivity, rollUpActivity } from '../../src/activity/roll-up.ts';
import { bells, openTill, payVariously } from '../support/payments.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await openTill(world);
  await payVariously(world);
});
afterAll(() => world.close());

const DAY_MS = 86_400_000;
/** Today and yesterday, by each size of the pieces that sums are kept in. */
const spans = (): readonly Span[] => {
  const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const [from, to] = [new Date(midnight - DAY_MS), new Date(midnight + DAY_MS)];
  return ([5, 60, 1440] as const).map((grain) => ({ from, to, grain, stepMinutes: 1440 }));
};

type Sums = Record<string, string>;
async function counted(span: Span): Promise<Sums> {
  const { figures, behind } = await readActivity(world.db, span);
  expect(behind).toBe(false);
  const sums: Record<string, [number, bigint]> = {};
  for (const { figure, currency, count, amountMinor } of figures) {
    const [n, sum] = sums[`${figure} ${currency}`] ?? [0, 0n];
    sums[`${figure} ${currency}`] = [n + count, sum + amountMinor];
  }
  return Object.fromEntries(Object.entries(sums).map(([name, [n, sum]]) => [name, `${n} ${sum}`]));
}

/** The same, from the rows themselves. */
async function inRows(): Promise<Sums> {
  const { rows } = await world.db.raw(`
    SELECT type || '.' || CASE WHEN state IN ('accepted', 'submitting', 'submitted') THEN 'under_way' ELSE state END || ' ' || currency AS name,
      count(*)::text || ' ' || coalesce(sum(amount_minor) FILTER (WHERE state = 'settled'), 0) AS sum
    FROM transactions GROUP BY type, CASE WHEN state IN ('accepted', 'submitting', 'submitted') THEN 'under_way' ELSE state END, currency
    UNION ALL
    SELECT 'earned.' || kind || ' ' || currency, count(*) || ' ' || sum(amount_minor) FROM earnings GROUP BY kind, currency`);
  return Object.fromEntries(rows.map((row: { name: string; sum: string }) => [row.name, row.sum]));
}

async function expectRight(): Promise<void> {
  const right = await inRows();
  for (const span of spans()) expect(await counted(span)).toEqual(right);
}

const addUp = async (atMost: number): Promise<number> =>
  (await world.db.raw('SELECT roll_up_activity(?) AS moves', [atMost])).rows[0].moves;
const left = async (): Promise<number> =>
  Number(
    (
      await world.db.raw(`SELECT count(*) AS n FROM transaction_history h, activity_mark m
        WHERE is_told(h.from_state, h.to_state) AND (h.xact, h.id) > (m.xact, m.history_id)`)
    ).rows[0].n,
  );

describe('the figures', () => {
  it('are the same before, while and after they are added up, by pieces of any size', async () => {
    expect(Object.keys(await inRows())).toEqual(
      expect.arrayContaining([
        'payout.reversed UGX',
        'payout.failed KES',
        'collection.settled UGX',
        'earned.commission KES',
      ]),
    );
    await expectRight();
    // Other databases of the same server may hold a transaction open for a moment, which is waited for by all of them.
    await until(async () => {
      await addUp(3);
      await expectRight();
      return (await left()) === 0;
    }, 'everything is added up');
    await payVariously(world);
    await expectRight();
  });

  it('lose nothing and count nothing twice when adding up breaks off, or is done by several at once', async () => {
    const broken = new Error('broken off');
    await world.db
      .transaction(async (trx) => {
        await trx.raw('SELECT roll_up_activity(5)');
        throw broken;
      })
      .catch((error) => expect(error).toBe(broken));
    await expectRight();
    await until(async () => {
      await Promise.all([rollUpActivity(world.db), rollUpActivity(world.db), rollUpActivity(world.db)]);
      await expectRight();
      return (await left()) === 0;
    }, 'everything is added up');
  });

  it('are added up by one at a time: whoever comes second leaves it to the first', async () => {
    await payVariously(world);
    await until(
      () =>
        world.db.transaction(async (trx) => {
          const { rows } = await trx.raw('SELECT roll_up_activity(5) AS moves');
          if (rows[0].moves === 0) return false;
          expect(await rollUpActivity(world.db)).toBe(0);
          return true;
        }),
      'one adds up while another comes',
    );
    await expectRight();
  });

  it('wait for a move that is written first and committed last', async () => {
    const { pay } = bells(world);
    const slow = new pg.Client({ connectionString: world.config.DATABASE_URL });
    await slow.connect();
    const { id } = await world.db('transactions').where({ state: 'accepted' }).first('id');
    await slow.query('BEGIN');
    await slow.query(
      `INSERT INTO transaction_history (transaction_id, from_state, to_state, cause, actor, attempt) VALUES ($1, 'accepted', 'cancelled', 'operator', 'test', 0)`,
      [id],
    );
    await pay();
    await rollUpActivity(world.db);
    await slow.query(`UPDATE transactions SET state = 'cancelled', due_at = NULL WHERE id = $1`, [id]);
    await slow.query('COMMIT');
    await slow.end();
    await expectRight();
    await until(async () => {
      await rollUpActivity(world.db);
      return (await left()) === 0;
    }, 'everything is added up');
    await expectRight();
  });

  it('say when more has happened since than one reading takes, and catch up', async () => {
    await world.db.raw(`INSERT INTO transaction_history (transaction_id, from_state, to_state, cause, actor, attempt)
      SELECT (SELECT id FROM transactions LIMIT 1), 'submitting', 'submitted', 'worker', 'test', 0 FROM generate_series(1, 10000)`);
    const [span] = spans();
    const longAgo = { ...(span as Span), from: new Date(0), to: new Date(DAY_MS) };
    for (const one of [span as Span, longAgo]) expect((await readActivity(world.db, one)).behind).toBe(true);
    await until(async () => (await rollUpActivity(world.db)) >= 10_000, 'all of it is added up');
    await expectRight();
  });

  it('are made anew after a restore into another cluster, and go on from there', async () => {
    const owner = new pg.Client({ connectionString: world.config.DATABASE_URL });
    await owner.connect();
    // What a dump carries over: the numbers it was written under, far beyond those of this cluster.
    for (const table of ['transaction_history', 'activity_mark'])
      await owner.query(`UPDATE ${table} SET xact = (xact::text::bigint + 1000000000000)::text::xid8`);
    await owner.end();
    await rebuildActivity(world.db);
    await expectRight();
    await payVariously(world);
    await expectRight();
    await until(async () => {
      const moves = await rollUpActivity(world.db);
      await expectRight();
      return moves > 0;
    }, 'the new moves are added up');
  });
});
