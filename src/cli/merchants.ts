// `merchants create | list | approval`.
import type { Command } from 'commander';
import { NotFound } from '../errors.ts';
import { removeApprovalLimit, setApprovalLimit } from '../merchants/approval-limit.ts';
import { createMerchant, Merchant } from '../merchants/merchant.ts';
import { formatAmount } from '../money.ts';
import { readAmount, readCurrency, readId, wrong } from './read.ts';
import { facts, moment, table } from './table.ts';
import { verb } from './verb.ts';

const view = (merchant: Merchant) => ({
  id: merchant.id,
  name: merchant.name,
  createdAt: merchant.createdAt.toISOString(),
});

export function merchants(noun: Command): void {
  const create = noun.command('create').description('register a merchant').requiredOption('--name <text>', 'its name');
  verb<{ name: string }>(create, async (desk, { name }) => {
    const merchant = await desk.audited(
      (trx) => createMerchant(trx, { name }),
      ({ id }) => ({ action: 'merchants.create', subject: id }),
    );
    const text = facts([
      ['merchant', merchant.id],
      ['name', merchant.name],
    ]);
    return { json: view(merchant), text: `${text}\nIts first key: cli keys create --merchant ${merchant.id}` };
  });

  const list = noun.command('list').description('all merchants, newest first');
  verb(list, async (desk) => {
    const found = await Merchant.query(desk.db).orderBy('id', 'desc');
    return {
      json: found.map(view),
      text: table(
        ['merchant', 'name', 'since'],
        found.map((merchant) => [merchant.id, merchant.name, moment(merchant.createdAt)]),
        { none: 'There are no merchants yet: cli merchants create --name …' },
      ),
    };
  });

  approval(noun);
}

interface Limiting {
  readonly [name: string]: string | boolean | undefined;
  readonly merchant: string;
  readonly currency: string;
  readonly above?: string;
  readonly dailyAbove?: string;
  readonly none?: boolean;
}

function approval(noun: Command): void {
  const command = noun
    .command('approval')
    .description("above which amounts a merchant's payouts await approval; what is given replaces what was")
    .requiredOption('--merchant <id>', 'whose payouts')
    .requiredOption('--currency <code>', 'in which currency')
    .option('--above <amount>', 'to one account within 24 hours, the payout itself included; 0: every payout')
    .option('--daily-above <amount>', 'of all its payouts within 24 hours')
    .option('--none', 'no limit any more');
  verb<Limiting>(command, async (desk, options) => {
    const merchantId = readId('--merchant', options.merchant, 'merchant');
    const currency = readCurrency(options.currency);
    const money = (option: string, text: string | undefined) =>
      text === undefined ? null : /^0(\.0*)?$/.test(text) ? 0n : readAmount(option, text, currency);
    const aboveMinor = money('--above', options.above);
    const dailyAboveMinor = money('--daily-above', options.dailyAbove);
    const isNone = aboveMinor === null && dailyAboveMinor === null;
    if (isNone !== (options.none === true)) throw wrong('--above', 'Give --above, --daily-above or both; or --none.');
    const amount = (minor: bigint | null) => (minor === null ? null : formatAmount(minor));
    const limit = { merchantId, currency, above: amount(aboveMinor), dailyAbove: amount(dailyAboveMinor) };
    await desk.audited(
      async (trx) => {
        if ((await Merchant.query(trx).findById(merchantId)) === undefined)
          throw new NotFound(`There is no merchant ${merchantId}.`);
        if (isNone) await removeApprovalLimit(trx, merchantId, currency);
        else await setApprovalLimit(trx, { merchantId, currency, aboveMinor, dailyAboveMinor });
      },
      () => {
        const { above, dailyAbove } = limit;
        return { action: 'merchants.approval', subject: merchantId, detail: { currency, above, dailyAbove } };
      },
    );
    return {
      json: limit,
      text: facts([
        ['merchant', merchantId],
        ['currency', currency],
        ['above, per account and day', limit.above ?? 'no limit'],
        ['above, all and per day', limit.dailyAbove ?? 'no limit'],
      ]),
    };
  });
}
