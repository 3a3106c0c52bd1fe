// `payouts awaiting | approve | cancel`.
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { formatAmount } from '../money.ts';
import { approve } from '../payouts/approve.ts';
import { cancel } from '../payouts/cancel.ts';
import type { Decider } from '../transactions/approval.ts';
import { Transaction } from '../transactions/transaction.ts';
import { readId, readOperator, readReason } from './read.ts';
import { moment, table } from './table.ts';
import { verb } from './verb.ts';

export function payouts(noun: Command): void {
  const awaiting = noun.command('awaiting').description('payouts that await approval, of any merchant, oldest first');
  verb(awaiting, async (desk) => {
    const rows = await Transaction.query(desk.db)
      .where({ state: 'awaiting_approval' })
      .whereNotNull('due_at')
      .orderBy(['created_at', 'id'])
      .limit(1000);
    const found = rows.map((row) => ({
      id: row.id,
      merchantId: row.merchantId,
      amount: formatAmount(row.amountMinor ?? row.maxAmountMinor ?? 0n),
      currency: row.currency,
      askedBy: row.actor,
      createdAt: row.createdAt.toISOString(),
      scheduledAt: row.scheduledAt?.toISOString() ?? null,
      endsAt: row.dueAt?.toISOString() ?? null,
    }));
    return {
      json: found,
      text: table(
        ['payout', 'merchant', 'amount', 'currency', 'asked by', 'since', 'scheduled', 'ends'],
        found.map((one) => [
          one.id,
          one.merchantId,
          one.amount,
          one.currency,
          one.askedBy,
          moment(one.createdAt),
          moment(one.scheduledAt),
          moment(one.endsAt),
        ]),
        { right: ['amount'], none: 'No payout awaits approval.' },
      ),
    };
  });

  decision(noun.command('approve').description('let a payout go that awaits approval'), approve);
  decision(
    noun.command('cancel').description('end a payout that has not been sent; what was held is released'),
    cancel,
  );
}

function decision(command: Command, carryOut: (ctx: Context, id: string, by: Decider) => Promise<void>): void {
  command
    .requiredOption('--id <id>', 'po…')
    .requiredOption('--by <operator>', 'who decides')
    .requiredOption('--reason <text>', 'why, for somebody who was not there');
  verb<{ id: string; by: string; reason: string }>(command, async (desk, options) => {
    const id = readId('--id', options.id, 'payout');
    const by = readOperator('--by', options.by);
    const reason = readReason(options.reason);
    const { actor: via } = desk.actor;
    await carryOut(await desk.everything(), id, {
      cause: 'operator',
      actor: `operator:${by}`,
      clientAddress: null,
      reason,
      via,
    });
    const { state } = await Transaction.query(desk.db).findById(id).throwIfNotFound();
    return { json: { id, status: state }, text: `${id} is ${state}.` };
  });
}
