// `recovery start | status | run | finish`.
import type { Command } from 'commander';
import { flows } from '../../workers/webhook.ts';
import { runRecovery } from '../reconciliation/recover.ts';
import { beginRecovery, finishRecovery, openRecovery, type Recovery } from '../reconciliation/recovery.ts';
import { readReason, wrong } from './read.ts';
import { facts, moment } from './table.ts';
import { verb } from './verb.ts';

const ENABLED = 'Sending is enabled: no recovery is open.';

export function recovery(noun: Command): void {
  const start = noun
    .command('start')
    .description('disable sending in every process, after a restore or a failover that may have lost commits')
    .requiredOption('--reason <text>', 'why');
  verb<{ reason: string }>(start, async (desk, options) => {
    const begun = await beginRecovery(desk.db, { ...desk.actor, reason: readReason(options.reason) });
    return {
      json: { begun, sending: 'disabled' },
      text: begun
        ? 'Nothing is sent any more, by any process. Next: `recovery run`.'
        : 'A recovery is open already; nothing is sent.',
    };
  });

  const status = noun.command('status').description('whether sending is enabled, and what the last run found');
  verb(status, async (desk) => {
    const open = await openRecovery(desk.db);
    return { json: view(open), text: open === null ? ENABLED : facts(Object.entries(flat(open))) };
  });

  const run = noun
    .command('run')
    .description("go through the provider's transactions and bring every row up to what it has done")
    .option('--from <day>', 'since this day (UTC); default: two days before the newest row');
  verb<{ from?: string }>(run, async (desk, options) => {
    const ctx = await desk.everything();
    const from = options.from === undefined ? {} : { from: readDay(options.from) };
    const { complete, ...found } = await runRecovery(ctx, flows, { ...desk.actor, ...from });
    const lines = facts(Object.entries(found));
    const verdict = complete
      ? 'Complete. Look at `cases list`, then `recovery finish` lets sending go on.'
      : `Not complete: about ${found.unsure} rows the provider could not be asked. Run it again.`;
    return { json: { complete, ...found }, text: `${lines}\n\n${verdict}`, exitCode: complete ? 0 : 1 };
  });

  const finish = noun
    .command('finish')
    .description('let sending go on, after a complete run')
    .requiredOption('--reason <text>', 'why it may');
  verb<{ reason: string }>(finish, async (desk, options) => {
    await finishRecovery(desk.db, { ...desk.actor, reason: readReason(options.reason) });
    return { json: { sending: 'enabled' }, text: 'Sending goes on. Take RECOVERY out of the environment.' };
  });
}

function readDay(text: string): string {
  const isDay = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) && !Number.isNaN(Date.parse(text));
  if (!isDay) throw wrong('--from', 'Give a day such as 2027-01-31.');
  return text;
}

function view(open: Recovery | null) {
  if (open === null) return { sending: 'enabled' };
  return {
    sending: 'disabled',
    begunAt: open.begunAt.toISOString(),
    begunBy: open.begunBy,
    newestAt: open.newestAt.toISOString(),
    ranAt: open.ranAt?.toISOString() ?? null,
    found: open.found,
  };
}

function flat(open: Recovery): Record<string, string | number | null> {
  return {
    sending: 'disabled',
    'since (UTC)': moment(open.begunAt),
    by: open.begunBy,
    'newest row': moment(open.newestAt),
    'last run': moment(open.ranAt) ?? 'none: `recovery run` is next',
    ...open.found,
  };
}
