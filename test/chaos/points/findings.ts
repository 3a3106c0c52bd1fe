// What the provider says after a payment has ended: money that comes back, and signed lies.
import { until } from '../../support/until.ts';
import { MONEY } from './moments.ts';
import { at, commits, type Point } from './point.ts';
import { payMany, type Stage, untilIn } from './stage.ts';
import { kill } from './strikes.ts';

const AT_ONCE = 5;

/** Settled payouts come back, and the worker that books it is killed inside the write. */
async function returns(stage: Stage, times: number): Promise<number> {
  const returning = new Set<string>();
  const armed = at(
    'postgres',
    'before',
    (flight, from) => commits(MONEY)(flight, from) && flight.ids.some((id) => returning.delete(id)),
    kill,
  )(stage.rig, times);
  try {
    for (let sent = 0; armed.hits < times && sent < 4 * times; ) {
      const ids = await payMany(stage, 'P24', 'payout', Math.min(AT_ONCE, times));
      sent += ids.length;
      await untilIn(stage, ['settled'], ids);
      for (const id of ids) returning.add(id);
      await Promise.all(ids.map((id) => stage.rig.order(`/transactions/${id}`, { refund: true })));
      await untilIn(stage, ['reversed'], ids);
    }
    return armed.hits;
  } finally {
    armed.disarm();
  }
}

/** What the row, its entries and its history say: nothing of it may change. */
const STORY = `
  SELECT t.id, t.state, (SELECT count(*) FROM journal_entries WHERE transaction_id = t.id)::int AS entries,
    (SELECT count(*) FROM transaction_history WHERE transaction_id = t.id)::int AS steps
  FROM transactions t WHERE id = ANY($1) ORDER BY id`;

/** Payouts end well, or badly, and then a correctly signed event says the opposite: the look-up wins. */
function lies(end: 'settled' | 'failed') {
  return async (stage: Stage, times: number): Promise<number> => {
    const { rig } = stage;
    await rig.order('/faults', { outcome: { fails: end === 'failed' ? 1 : 0 } });
    const ids = await payMany(stage, 'P25', 'payout', times);
    await untilIn(stage, [end], ids);
    await rig.order('/faults', { outcome: { fails: 0 }, webhook: { lie: 1 } });
    const before = await rig.database.query(STORY, [ids]);
    await Promise.all(ids.map((id) => rig.order(`/transactions/${id}`, {})));
    const lie = end === 'settled' ? 'failed' : 'successful';
    const applied = `SELECT DISTINCT reference FROM webhook_events WHERE reference = ANY($1) AND claimed_status = $2 AND state = 'applied'`;
    const heard = async () => (await rig.database.query(applied, [ids, lie])).rowCount === ids.length;
    await until(heard, `each of ${ids.length} lies was looked into`, 20_000);
    await rig.order('/faults', { webhook: { lie: 0 } });
    const after = await rig.database.query(STORY, [ids]);
    if (JSON.stringify(after.rows) !== JSON.stringify(before.rows))
      throw new Error(`a signed lie moved something: ${end}`);
    return ids.length;
  };
}

export const FINDINGS: readonly Point[] = [
  { id: 'P24', what: 'worker killed while it books a return', kind: 'intake', hit: returns },
  { id: 'P25', what: 'settled, and a signed event says failed', kind: 'intake', hit: lies('settled') },
  { id: 'P25', what: 'failed, and a signed event says successful', kind: 'intake', hit: lies('failed') },
];
