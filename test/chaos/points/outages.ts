// Outages that are more than a message: Redis goes back in time, is gone, or flaps; Postgres is away while webhooks come.
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import type { Point } from './point.ts';
import { pay, payMany, type Stage, untilIn } from './stage.ts';

const JOBS = '{eversend-payments}:payouts';
const QUIET_MS = 30_000;

const count = async ({ rig }: Stage, list: string) =>
  Number(/^:(\d+)/.exec(await rig.redis.server.command('LLEN', `${JOBS}:${list}`))?.[1]);

function whileFrozen<T>({ rig }: Stage, work: () => Promise<T>): Promise<T> {
  for (const worker of rig.workers) worker.freeze();
  return work().finally(() => {
    for (const worker of rig.workers) worker.thaw();
  });
}

/** Calls the provider ever had about each of these payments. */
const callsOf = async ({ rig }: Stage, ids: readonly string[]) =>
  JSON.stringify(await Promise.all(ids.map((id) => rig.order(`/calls?key=${id}`))));

/** Jobs of finished payments come back with an older Redis, and are run: not one call to the provider follows. */
async function rollBack(stage: Stage, times: number): Promise<number> {
  const { rig } = stage;
  const { server } = rig.redis;
  const ids = await whileFrozen(stage, async () => {
    const asked = await payMany(stage, 'P8', 'payout', times);
    await until(async () => (await count(stage, 'wait')) >= times, 'their jobs wait');
    await server.snapshot();
    return asked;
  });
  await untilIn(stage, ['settled'], ids);
  const isQuiet = async () => {
    const { webhooks, waits } = (await rig.order('/outstanding')) as { webhooks: number; waits: number };
    const { rowCount } = await rig.database.query(
      `SELECT FROM webhook_events WHERE state = 'received' AND reference = ANY($1)`,
      [ids],
    );
    return webhooks === 0 && waits === 0 && rowCount === 0;
  };
  await until(isQuiet, 'nothing is on its way any more', QUIET_MS);
  const before = await callsOf(stage, ids);
  const cameBack = await whileFrozen(stage, async () => {
    rig.links.redis.cut();
    await server.rollBack();
    return count(stage, 'wait');
  });
  const isRun = async () => (await count(stage, 'wait')) + (await count(stage, 'active')) === 0;
  await until(isRun, 'what came back has been run', QUIET_MS);
  if ((await callsOf(stage, ids)) !== before) throw new Error('the provider was called about finished payments');
  return Math.min(cameBack, times);
}

/** Redis is killed with the jobs of open payments, and comes back empty. */
async function emptyStart(stage: Stage, times: number): Promise<number> {
  const { rig } = stage;
  const [ids, lost] = await whileFrozen(stage, async () => {
    const asked = await payMany(stage, 'B06', 'payout', times);
    await until(async () => (await count(stage, 'wait')) >= times, 'their jobs wait');
    const waiting = await count(stage, 'wait');
    await rig.kill(rig.redis);
    return [asked, waiting] as const;
  });
  await rig.start(rig.redis);
  await untilIn(stage, ['settled'], ids);
  return Math.min(lost, times);
}

const CUT_EVERY_MS = 2000;
const SLOWEST_MS = 3000;
const CALM_MS = 10_000;

/** Redis answers late and loses its connections again and again; after that workers must soon take jobs again. */
async function flapping(stage: Stage, times: number): Promise<number> {
  const { redis } = stage.rig.links;
  redis.delay(() => Math.random() * SLOWEST_MS);
  const paying: Promise<readonly string[]>[] = [];
  let hits = 0;
  for (let round = 0; hits < times && round < 2 * times; round += 1) {
    paying.push(payMany(stage, 'B07', 'payout', 5));
    await wait(CUT_EVERY_MS);
    if (redis.cut() > 0) hits += 1;
  }
  redis.delay(() => 0);
  const last = await pay(stage, 'B07', 'payout');
  const taken = async () =>
    (await stage.rig.database.query(`SELECT FROM transactions WHERE id = $1 AND state <> 'accepted'`, [last])).rowCount;
  await until(taken, 'a job is taken again after calm', CALM_MS);
  await untilIn(stage, ['settled'], (await Promise.all(paying)).flat());
  return hits;
}

/** Postgres is away while the provider tells the ends of payments: it is asked to come again, and does. */
async function withoutPostgres(stage: Stage, times: number): Promise<number> {
  const { rig } = stage;
  await rig.order('/faults', { settle: { ms: null } });
  const ids = await payMany(stage, 'W10', 'collection', times);
  await untilIn(stage, ['submitted'], ids);
  await rig.order('/faults', { settle: { ms: 100 } });
  await rig.kill(rig.postgres);
  await Promise.all(ids.map((id) => rig.order(`/transactions/${id}`, { status: 'successful' })));
  const turnedAway = async () => {
    const log = (await rig.order('/log?channel=webhook')) as { key: string; detail: { answer?: number | null } }[];
    return ids.filter((id) => log.some(({ key, detail }) => key === id && detail.answer === 503));
  };
  await until(async () => (await turnedAway()).length === ids.length, 'each event was answered 503', QUIET_MS);
  const away = await turnedAway();
  await rig.start(rig.postgres);
  const told = `SELECT DISTINCT reference FROM webhook_events WHERE reference = ANY($1) AND state = 'applied'`;
  await until(
    async () => (await rig.database.query(told, [away])).rowCount === away.length,
    'each came again',
    QUIET_MS,
  );
  await untilIn(stage, ['settled'], ids);
  return away.length;
}

export const OUTAGES: readonly Point[] = [
  { id: 'P8', what: 'Redis rolled back: jobs of finished payments return', kind: 'worker', hit: rollBack },
  { id: 'B06', what: 'Redis killed, and empty when it is back', kind: 'worker', hit: emptyStart },
  { id: 'B07', what: 'Redis slow, and cut every two seconds', kind: 'zombie', hit: flapping },
  { id: 'W10', what: 'Postgres away while webhooks come', kind: 'intake', hit: withoutPostgres },
];
