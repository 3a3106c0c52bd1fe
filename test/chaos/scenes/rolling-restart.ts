// G04: a release: every process is asked to stop and started again, one by one, under a steady stream; the pair of APIs always serves.
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import type { Part } from '../rig/part.ts';
import type { Order } from '../soak/orders.ts';
import type { Scene, Stage } from './scene.ts';
import { callOnce, streamOf, tally } from './stream.ts';

const ROUNDS = 1;
const PER_SECOND = 20;
/** Enough for any round; the stream ends with the last restart. */
const MOST_PAYMENTS = 20_000;
const READY_MS = 60_000;
const BUSY_TWIN = 409;

export const rollingRestart: Scene = {
  id: 'G04',
  what: 'everything is restarted one by one under a steady stream',
  async play(stage) {
    const { rig, callers, size, orders } = stage;
    const problems: string[] = [];
    const over = new AbortController();
    const asked: Order[] = [];
    const ask = async (order: Order) => {
      asked.push(order);
      const statuses = await fromEither(stage, order, asked.length);
      if (!statuses.includes(202)) problems.push(`${order.key} got from both APIs: ${tally(statuses)}`);
    };
    const stream = streamOf(orders(MOST_PAYMENTS), PER_SECOND, ask, over.signal);
    for (let round = 0; round < ROUNDS * size; round += 1) {
      for (const part of [...rig.webs, ...rig.workers, rig.redis]) await restart(stage, part);
    }
    over.abort();
    await stream.done;
    await Promise.all(asked.map((order) => callers.ask(order)));
    return problems;
  },
};

/** Asks one API, and the other at once when the first does not answer or says 5xx. A 409 is its own twin, still being accepted. */
async function fromEither({ rig }: Stage, order: Order, turn: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < rig.webs.length; n += 1) {
    const url = rig.webs[(turn + n) % rig.webs.length]?.url as string;
    let status = await callOnce(url, rig.merchant.apiKey, order);
    while (status === BUSY_TWIN) {
      await wait(50);
      status = await callOnce(url, rig.merchant.apiKey, order);
    }
    statuses.push(status);
    if (status > 0 && status < 500) break;
  }
  return statuses;
}

/** As a process manager does it: SIGTERM, and the next one only once this one serves again. */
async function restart({ rig }: Stage, part: Part): Promise<void> {
  await part.kill('SIGTERM');
  await part.start();
  const web = rig.webs.find((one) => one === part);
  if (web === undefined) return;
  await until(() => fetch(`${web.url}/readyz`).then(({ ok }) => ok), `${part.name} serves again`, READY_MS);
}
