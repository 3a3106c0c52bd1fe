// Points of the intake that are more than one message: a body that never ends, and twins on two processes.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { ACCEPTANCE } from './moments.ts';
import { at, commits, MISSED, type Point } from './point.ts';
import { orderFor, type Stage } from './stage.ts';

/** How long one twin waits for the other at the door of the database. */
const TWIN_MS = 2000;

/** Sends the first half of a request's body to a web process, and kills that when it reads it; the caller then asks as usual. */
async function killReading({ rig, callers }: Stage, n: number): Promise<boolean> {
  const web = rig.webs[n % rig.webs.length] as (typeof rig.webs)[number];
  const order = orderFor('P0', 'payout');
  const socket = connect(Number(new URL(web.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(
    `POST ${order.path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${rig.merchant.apiKey}\r\n` +
      `content-type: application/json\r\nidempotency-key: ${order.key}\r\nexpect: 100-continue\r\n` +
      `content-length: ${Buffer.byteLength(order.body)}\r\n\r\n`,
  );
  // It has the headers and asks for the body: from here on it reads.
  const heard = String(await Promise.race([once(socket, 'data').catch(() => ''), closed]));
  socket.write(order.body.slice(0, order.body.length / 2));
  await web.kill();
  await web.start();
  await closed;
  const { rows } = await rig.database.query('SELECT FROM idempotency_keys WHERE key = $1', [order.key]);
  if (rows.length > 0) throw new Error(`half a request left something behind under ${order.key}`);
  await callers.ask(order);
  return heard.startsWith('HTTP/1.1 100');
}

/** Sends the same request to both web processes, whose acceptances meet before either commits. */
function twins({ rig, callers }: Stage, times: number): Promise<number> {
  let waiting: { from: string; meet: (met: boolean) => void } | null = null;
  const meeting = at('postgres', 'before', commits(ACCEPTANCE, 'web'), async (_rig, from) => {
    if (waiting !== null && waiting.from !== from) {
      waiting.meet(true);
      waiting = null;
      return 'pass';
    }
    const met = Promise.withResolvers<boolean>();
    const mine = { from, meet: met.resolve };
    waiting = mine;
    const late = setTimeout(() => met.resolve(false), TWIN_MS);
    const isMet = await met.promise;
    clearTimeout(late);
    if (waiting === mine) waiting = null;
    return isMet ? 'pass' : MISSED;
  });
  return (async () => {
    let hits = 0;
    for (let round = 0; hits < times && round < 2 * times; round += 1) {
      const armed = meeting(rig, 2);
      const order = orderFor('P6', 'payout');
      const statuses = await Promise.all([callers.ask(order), callers.ask({ ...order })]);
      if (armed.hits === 2) hits += 1;
      armed.disarm();
      if (statuses.some((status) => status !== 202)) throw new Error(`twins were answered ${statuses.join(' and ')}`);
    }
    return hits;
  })();
}

export const INTAKE: readonly Point[] = [
  {
    id: 'P0',
    what: 'web killed while it reads the body',
    kind: 'intake',
    async hit(stage, times) {
      let hits = 0;
      for (let round = 0; hits < times && round < 2 * times; round += 1) {
        if (await killReading(stage, round)) hits += 1;
        else await wait(100);
      }
      return hits;
    },
  },
  { id: 'P6', what: 'one key at once on two web processes', kind: 'intake', hit: twins },
];
