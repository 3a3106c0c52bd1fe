// One payout whose worker is killed again and again: the queue gives its job up, and the sweep does not.
import { STAMP } from './moments.ts';
import { at, commits, type Point } from './point.ts';
import { payMany, untilIn } from './stage.ts';
import { kill } from './strikes.ts';

const IN_A_ROW = 5;
/** A worker carries several at once, and its death counts for all of them. */
const AT_ONCE = 10;

export const BURIED: readonly Point[] = [
  {
    id: 'P19',
    what: `the worker of one payout killed ${IN_A_ROW} times in a row`,
    kind: 'worker',
    async hit(stage, times) {
      const deaths = new Map<string, number>();
      const armed = at(
        'postgres',
        'before',
        (flight, from) =>
          commits(STAMP)(flight, from) && flight.ids.some((id) => (deaths.get(id) ?? IN_A_ROW) < IN_A_ROW),
        (rig, from, { ids }) => {
          for (const id of ids) if (deaths.has(id)) deaths.set(id, (deaths.get(id) ?? 0) + 1);
          return kill(rig, from, null);
        },
      )(stage.rig, Number.POSITIVE_INFINITY);
      const unwatch = stage.rig.links.postgres.watch(({ exchange, answer }) => {
        const isNew = answer === null && commits(/^accept_transactions/, 'web')(exchange, 'web');
        if (isNew) for (const id of exchange.ids) deaths.set(id, 0);
      });
      try {
        for (let sent = 0; sent < times; sent += AT_ONCE) {
          const ids = await payMany(stage, 'P19', 'payout', Math.min(AT_ONCE, times - sent));
          await untilIn(stage, ['settled'], ids);
        }
      } finally {
        unwatch();
        armed.disarm();
      }
      stage.note(`P19: ${armed.hits} kills`);
      return [...deaths.values()].filter((count) => count >= IN_A_ROW).length;
    },
  },
];
