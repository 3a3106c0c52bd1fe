// `float record | adopt | show`.
import type { Command } from 'commander';
import { recordFloat } from '../ledger/fund.ts';
import { formatAmount } from '../money.ts';
import { adoptFloat } from '../reconciliation/adopt-float.ts';
import { type FloatRow, floatRows } from '../reconciliation/float.ts';
import { readAmount, readCurrency, readReason } from './read.ts';
import { readable, table } from './table.ts';
import { verb } from './verb.ts';

const view = (row: FloatRow) => ({
  currency: row.currency,
  wallet: formatAmount(row.walletMinor),
  book: formatAmount(row.bookMinor),
  difference: formatAmount(row.differenceMinor),
  onTheirWay: row.onTheirWay,
});

export function float(noun: Command): void {
  const record = noun
    .command('record')
    .description("write down money that came into the provider's wallet (provider → capital)")
    .requiredOption('--currency <code>', 'ISO 4217')
    .requiredOption('--amount <amount>', 'in major units')
    .requiredOption('--reason <text>', 'why');
  verb<{ currency: string; amount: string; reason: string }>(record, async (desk, options) => {
    const currency = readCurrency(options.currency);
    const amountMinor = readAmount('--amount', options.amount, currency);
    const reason = readReason(options.reason);
    const entryId = await desk.audited(
      (trx) => recordFloat(trx, { currency, amountMinor, reason, actor: desk.actor.actor }),
      (id) => ({
        action: 'float.record',
        subject: id,
        reason,
        detail: { currency, amount: formatAmount(amountMinor) },
      }),
    );
    return {
      json: { currency, amount: formatAmount(amountMinor), entryId },
      text: `${readable(amountMinor)} ${currency} is recorded as held by the provider (${entryId}).`,
    };
  });

  const adopt = noun
    .command('adopt')
    .description("take the provider's balances as the truth: write down every difference to the book")
    .option('--reason <text>', 'why', "the provider's balances as they are");
  verb<{ reason: string }>(adopt, async (desk, options) => {
    const reason = readReason(options.reason);
    const rows = await adoptFloat(await desk.everything(), { ...desk.actor, reason });
    return {
      json: rows.map((row) => ({ ...view(row), adopted: row.adopted })),
      text: table(
        ['currency', 'wallet', 'book before', 'difference', ''],
        rows.map((row) => [
          row.currency,
          readable(row.walletMinor),
          readable(row.bookMinor),
          readable(row.differenceMinor),
          row.adopted ? 'recorded' : row.differenceMinor === 0n ? 'equal' : `left: ${row.onTheirWay} on their way`,
        ]),
        { right: ['wallet', 'book before', 'difference'], none: 'The provider has no wallets for us.' },
      ),
      exitCode: rows.every((row) => row.adopted || row.differenceMinor === 0n) ? 0 : 1,
    };
  });

  const show = noun.command('show').description("the provider's wallets beside the book; changes nothing");
  verb(show, async (desk) => {
    const rows = await floatRows(await desk.everything());
    return {
      json: rows.map(view),
      text: table(
        ['currency', 'wallet', 'book', 'difference', 'on their way'],
        rows.map((row) => [
          row.currency,
          readable(row.walletMinor),
          readable(row.bookMinor),
          readable(row.differenceMinor),
          row.onTheirWay,
        ]),
        { right: ['wallet', 'book', 'difference', 'on their way'], none: 'The provider has no wallets for us.' },
      ),
      exitCode: rows.every((row) => row.differenceMinor === 0n) ? 0 : 1,
    };
  });
}
