// H01: three times what the house can take, for a while: it says so, drops nobody, and everything it accepted ends.
import type { Scene, Stage } from './scene.ts';
import { callOnce, streamOf, tally } from './stream.ts';

/** Enough to see how many a second are answered when each caller waits for its answer. */
const MEASURED = 40;
const CALLERS = 16;
const TIMES = 3;
const PAYMENTS = 120;
const ALLOWED = [202, 429, 503];

export const overload: Scene = {
  id: 'H01',
  what: 'three times as many payments come as can be taken',
  async play(stage) {
    const { callers, size, orders } = stage;
    const measured = orders(MEASURED);
    const perSecond = await capacityOf(stage, measured);
    const asked = orders(PAYMENTS * size);
    const statuses: number[] = [];
    await streamOf(asked, perSecond * TIMES, async (order) => {
      statuses.push(await ask(stage, order, statuses.length));
    }).done;
    await Promise.all([...measured, ...asked].map((order) => callers.ask(order)));
    const wrong = statuses.filter((status) => !ALLOWED.includes(status));
    return wrong.length === 0 ? [] : [`at ${Math.round(perSecond * TIMES)} a second there came also ${tally(wrong)}`];
  },
};

function ask({ rig }: Stage, order: Parameters<typeof callOnce>[2], turn: number): Promise<number> {
  return callOnce(rig.webs[turn % rig.webs.length]?.url as string, rig.merchant.apiKey, order, 60_000);
}

/** Answers a second when so many callers send one after the other. */
async function capacityOf(stage: Stage, orders: ReturnType<Stage['orders']>): Promise<number> {
  const rest = [...orders];
  const startedAt = performance.now();
  const caller = async () => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) await ask(stage, next, rest.length);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return orders.length / ((performance.now() - startedAt) / 1000);
}
