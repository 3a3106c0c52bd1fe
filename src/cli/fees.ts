// `fees list | add`.
import type { Command } from 'commander';
import { NotFound } from '../errors.ts';
import { Merchant } from '../merchants/merchant.ts';
import { formatAmount } from '../money.ts';
import { addSchedule, FeeSchedule } from '../pricing/fee-schedule.ts';
import { formatPercent } from '../pricing/percent.ts';
import { readAmount, readCurrency, readId, readPercent, readWord, wrong } from './read.ts';
import { table } from './table.ts';
import { verb } from './verb.ts';

const amount = (minor: bigint | null) => (minor === null ? null : formatAmount(minor));

const view = (schedule: FeeSchedule) => ({
  id: schedule.id,
  type: schedule.type,
  merchantId: schedule.merchantId,
  method: schedule.method,
  country: schedule.country,
  currency: schedule.currency,
  version: schedule.version,
  basis: schedule.basis,
  percent: formatPercent(schedule.percentPpm),
  flat: formatAmount(schedule.flatMinor),
  minimum: formatAmount(schedule.minimumMinor),
  maximum: amount(schedule.maximumMinor),
  ceiling: amount(schedule.ceilingMinor),
  commission: formatPercent(schedule.commissionPpm),
  createdAt: schedule.createdAt.toISOString(),
  createdBy: schedule.createdBy,
});

function asTable(schedules: readonly FeeSchedule[]): string {
  return table(
    [
      'schedule',
      'type',
      'merchant',
      'method',
      'country',
      'currency',
      'v',
      'basis',
      '%',
      'flat',
      'min',
      'max',
      'ceiling',
      'commission %',
    ],
    schedules.map((one) => {
      const { id, type, merchantId, method, country, currency, version, basis, percent, ...rest } = view(one);
      const { flat, minimum, maximum, ceiling, commission } = rest;
      const any = (text: string | null) => text ?? 'any';
      const scope = [any(merchantId), any(method), any(country), any(currency)];
      return [id, type, ...scope, version, basis, percent, flat, minimum, maximum, ceiling, commission];
    }),
    { right: ['v', '%', 'flat', 'min', 'max', 'ceiling', 'commission %'] },
  );
}

interface Adding {
  readonly [name: string]: string | undefined;
  readonly type: string;
  readonly basis: string;
  readonly merchant?: string;
  readonly method?: string;
  readonly country?: string;
  readonly currency?: string;
  readonly percent?: string;
  readonly flat?: string;
  readonly minimum?: string;
  readonly maximum?: string;
  readonly ceiling?: string;
  readonly commission?: string;
}

function readSchedule(options: Adding) {
  const { type, basis, merchant, method, country, currency, ceiling } = options;
  const inCurrency = currency === undefined ? null : readCurrency(currency);
  const money = (option: string, text: string | undefined): bigint | null => {
    if (text === undefined) return null;
    if (inCurrency === null) throw wrong(option, 'Give --currency too: an amount needs one.');
    return /^0(\.0*)?$/.test(text) ? 0n : readAmount(option, text, inCurrency);
  };
  if (country !== undefined && !/^[A-Z]{2}$/.test(country))
    throw wrong('--country', 'Give two capital letters, such as UG.');
  const read = {
    type: readWord('--type', type, ['collection', 'payout']),
    basis: readWord('--basis', basis, ['own', 'cost_plus']),
    merchantId: merchant === undefined ? null : readId('--merchant', merchant, 'merchant'),
    method: method === undefined ? null : readWord('--method', method, ['momo', 'bank', 'eversend']),
    country: country ?? null,
    currency: inCurrency,
    percentPpm: readPercent('--percent', options.percent ?? '0'),
    flatMinor: money('--flat', options.flat) ?? 0n,
    minimumMinor: money('--minimum', options.minimum) ?? 0n,
    maximumMinor: money('--maximum', options.maximum),
    ceilingMinor: money('--ceiling', ceiling),
    commissionPpm: readPercent('--commission', options.commission ?? '0'),
  };
  if (read.basis === 'cost_plus' && read.type === 'collection')
    throw wrong('--basis', 'cost_plus is for payouts; a collection has a tariff of its own: give own.');
  if (read.basis === 'cost_plus' && read.ceilingMinor === null)
    throw wrong('--ceiling', 'Give the highest fee that may be held: cost_plus needs it.');
  if (read.maximumMinor !== null && read.maximumMinor < read.minimumMinor)
    throw wrong('--maximum', 'Give no less than --minimum.');
  return read;
}

export function fees(noun: Command): void {
  const list = noun.command('list').description('every version of every schedule');
  verb(list, async (desk) => {
    const columns = ['type', 'merchant_id', 'method', 'country', 'currency', 'version'];
    const found = await FeeSchedule.query(desk.db).orderBy(columns);
    return { json: found.map(view), text: asTable(found) };
  });

  const add = noun
    .command('add')
    .description("write the next version of a scope's schedule; transactions keep the version they were accepted under")
    .requiredOption('--type <collection|payout>', 'what it is for')
    .option('--basis <own|cost_plus>', "our own tariff, or the provider's charge plus our part", 'own')
    .option('--merchant <id>', 'only this merchant')
    .option('--method <momo|bank|eversend>', 'only this method')
    .option('--country <code>', 'only this country')
    .option('--currency <code>', 'only this currency; amounts need one')
    .option('--percent <percent>', 'of the amount, such as 1.5')
    .option('--flat <amount>', 'on top of the percentage')
    .option('--minimum <amount>', 'of our part')
    .option('--maximum <amount>', 'of our part')
    .option('--ceiling <amount>', 'highest fee in all, for cost_plus')
    .option('--commission <percent>', "a partner's share of the fee");
  verb<Adding>(add, async (desk, options) => {
    const schedule = readSchedule(options);
    const made = await desk.audited(
      async (trx) => {
        const { merchantId } = schedule;
        if (merchantId !== null && (await Merchant.query(trx).findById(merchantId)) === undefined)
          throw new NotFound(`There is no merchant ${merchantId}.`);
        return addSchedule(trx, { ...schedule, createdBy: desk.actor.actor });
      },
      ({ id, version }) => ({ action: 'fees.add', subject: id, detail: { type: schedule.type, version } }),
    );
    return { json: view(made), text: asTable([made]) };
  });
}
