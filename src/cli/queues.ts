// `queues rebuild | counts`.
import type { Command } from 'commander';
import { sweepOnce } from '../../workers/sweep.ts';
import { Unavailable } from '../errors.ts';
import { QUEUE_NAMES } from '../queue/queues.ts';
import { table } from './table.ts';
import { type Desk, verb } from './verb.ts';

/** A bound on passes, not on the backlog: a pass rings a thousand per table. */
const MOST_PASSES = 100_000;

/** The bells that hung in the queues are gone with them: whatever is due counts as not rung. */
const UNRING = [
  'UPDATE transactions SET rung_at = NULL WHERE due_at <= now() AND rung_at IS NOT NULL',
  'UPDATE webhook_events SET rung_at = NULL WHERE due_at <= now() AND rung_at IS NOT NULL',
  'UPDATE bulks SET rung_at = NULL WHERE due_at <= now() AND rung_at IS NOT NULL',
  'UPDATE webhook_endpoints SET rung_at = NULL WHERE due_at <= now() AND rung_at IS NOT NULL',
];

export function queues(noun: Command): void {
  const rebuild = noun
    .command('rebuild')
    .description('empty the queues and ring everything that is due; safe at any time, also while workers run');
  verb(rebuild, async (desk) => {
    const ctx = await desk.everything();
    if (!(await ctx.queues.ping())) throw new Unavailable('The queues do not answer; nothing was changed.');
    for (const name of QUEUE_NAMES) await ctx.queues.obliterate(name);
    await desk.audited(
      async (trx) => {
        for (const statement of UNRING) await trx.raw(statement);
      },
      () => ({ action: 'queues.rebuild', subject: null }),
    );
    const rung = await ringAll(ctx);
    return { json: { rung }, text: `The queues were emptied, and ${rung} bells rung.` };
  });

  const counts = noun.command('counts').description('how many jobs wait, run, are delayed or have failed');
  verb(counts, async (desk) => {
    const found = await readCounts(desk);
    return {
      json: Object.fromEntries(found.map(({ name, ...rest }) => [name, rest])),
      text: table(
        ['queue', 'waiting', 'active', 'delayed', 'failed'],
        found.map((one) => [one.name, one.waiting, one.active, one.delayed, one.failed]),
        { right: ['waiting', 'active', 'delayed', 'failed'] },
      ),
    };
  });
}

async function ringAll(ctx: Parameters<typeof sweepOnce>[0]): Promise<number> {
  let rung = 0;
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const now = await sweepOnce(ctx);
    if (now === 0) break;
    rung += now;
  }
  return rung;
}

async function readCounts(desk: Desk) {
  const { queues } = await desk.everything();
  const read = QUEUE_NAMES.map(async (name) => ({ name, ...(await queues.counts(name)) }));
  return Promise.all(read);
}
