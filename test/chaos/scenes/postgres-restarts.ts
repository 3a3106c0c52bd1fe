// E06: Postgres ends without a word, again and again at odd moments of a stream of payments, and no process ends for it.
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import type { Scene } from './scene.ts';
import { streamOf } from './stream.ts';

const RESTARTS = 3;
const PAYMENTS_EACH = 15;
const PER_SECOND = 20;
const MOST_MS = 120_000;

export const postgresRestarts: Scene = {
  id: 'E06',
  what: 'Postgres ends without a word at odd moments of a stream',
  async play({ rig, callers, size, orders }) {
    const restarts = RESTARTS * size;
    const stream = streamOf(orders(restarts * PAYMENTS_EACH), PER_SECOND, (order) => callers.ask(order));
    for (let n = 1; n <= restarts; n += 1) {
      await until(() => stream.sent >= n * PAYMENTS_EACH - PAYMENTS_EACH / 2, `restart ${n} is due`, MOST_MS);
      // Not in step with the stream: at any moment of a payment.
      await wait(Math.random() * 200);
      await rig.postgres.kill('SIGQUIT');
      await rig.links.postgres.shut();
      await rig.start(rig.postgres);
    }
    await stream.done;
    return [...rig.webs, ...rig.workers].flatMap((part) => part.unasked);
  },
};
