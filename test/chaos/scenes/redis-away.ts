// A06: Redis is away while payments arrive: each is accepted, or refused for now and without a trace; all end soon after its return.
import { until } from '../../support/until.ts';
import type { Scene } from './scene.ts';
import { callOnce, streamOf, tally } from './stream.ts';

const PAYMENTS = 40;
const PER_SECOND = 40;
/** After the return. */
const MOST_MS = 60_000;

export const redisAway: Scene = {
  id: 'A06',
  what: 'Redis is away while payments arrive',
  async play({ rig, callers, size, orders }) {
    const asked = orders(PAYMENTS * size);
    const first = new Map<string, number>();
    await rig.kill(rig.redis);
    let turn = 0;
    await streamOf(asked, PER_SECOND, async (order) => {
      turn += 1;
      const url = rig.webs[turn % rig.webs.length]?.url as string;
      first.set(order.key, await callOnce(url, rig.merchant.apiKey, order));
    }).done;
    const problems: string[] = [];
    const wrong = [...first.values()].filter((status) => status !== 202 && status !== 503);
    if (wrong.length > 0) problems.push(`without Redis there came also ${tally(wrong)}`);
    const refused = [...first].filter(([, status]) => status === 503).map(([key]) => key);
    const kept = await rig.database.query('SELECT key FROM idempotency_keys WHERE key = ANY($1)', [refused]);
    for (const { key } of kept.rows) problems.push(`${key} was answered 503 and is stored`);
    await rig.start(rig.redis);
    // The callers repeat themselves: what was accepted gets its first answer, and the checker learns of it.
    await Promise.all(asked.map((order) => callers.ask(order)));
    const open = async () => {
      const { rows } = await rig.database.query(
        `SELECT count(*)::int AS count FROM idempotency_keys k JOIN transactions t ON t.id = k.subject_id
         WHERE k.key = ANY($1) AND t.state IN ('accepted', 'submitting', 'submitted')`,
        [asked.map(({ key }) => key)],
      );
      return rows[0].count as number;
    };
    await until(async () => (await open()) === 0, 'all of them have ended after its return', MOST_MS);
    return problems;
  },
};
