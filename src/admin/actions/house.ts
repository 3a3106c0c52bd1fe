// What operators do with wallets and fees: freeze and reopen, write the next version of a tariff.
import { audit } from '../../audit/audit.ts';
import { inTransaction } from '../../db/knex.ts';
import { InvalidRequest, StaleState } from '../../errors.ts';
import { freezeWallet, unfreezeWallet } from '../../merchants/wallet.ts';
import { formatAmount, parseAmount } from '../../money.ts';
import { addSchedule, type FeeSchedule, type NewSchedule } from '../../pricing/fee-schedule.ts';
import { formatPercent, parsePercent } from '../../pricing/percent.ts';
import { money, text } from '../panels/cell.ts';
import type { Action, Field, Ordered } from './action.ts';

const idOf = ({ row }: Pick<Ordered, 'row'>) => String(row['id']);

const freeze: Action = {
  name: 'freeze',
  panel: 'wallets',
  label: 'Freeze',
  permission: 'wallets.freeze',
  isGrave: true,
  fits: (row) => row['frozenAt'] === null,
  preview: async () => ({
    sentences: [
      'No new payout is taken from this wallet until somebody reopens it. Collections still arrive, and payouts under way go on.',
    ],
    outline: { Wallet: 'active' },
  }),
  async carryOut(ctx, of) {
    await inTransaction(ctx.db, async (trx) => {
      if (!(await freezeWallet(trx, idOf(of)))) throw new StaleState('Somebody has frozen it already.');
      await audit(trx, { ...of.actor, action: 'wallets.freeze', subject: idOf(of), reason: of.reason });
    });
    return { sentence: 'The wallet is frozen.' };
  },
};

const unfreeze: Action = {
  name: 'reopen',
  panel: 'wallets',
  label: 'Reopen',
  permission: 'wallets.unfreeze',
  fits: (row) => row['frozenAt'] !== null,
  preview: async () => ({ sentences: ['Payouts are taken from this wallet again.'], outline: { Wallet: 'frozen' } }),
  async carryOut(ctx, of) {
    await inTransaction(ctx.db, async (trx) => {
      if (!(await unfreezeWallet(trx, idOf(of)))) throw new StaleState('Somebody has reopened it already.');
      await audit(trx, { ...of.actor, action: 'wallets.unfreeze', subject: idOf(of), reason: of.reason });
    });
    return { sentence: 'The wallet is open again.' };
  },
};

type Version = Pick<
  FeeSchedule,
  | 'type'
  | 'merchantId'
  | 'method'
  | 'country'
  | 'currency'
  | 'version'
  | 'basis'
  | 'percentPpm'
  | 'flatMinor'
  | 'minimumMinor'
  | 'maximumMinor'
  | 'ceilingMinor'
  | 'commissionPpm'
>;
const versionOf = (of: Pick<Ordered, 'row'>) => of.row as unknown as Version;

function feeFields(row: Record<string, unknown>): readonly Field[] {
  const old = versionOf({ row });
  const amount = (name: string, label: string, minor: bigint | null): Field => ({
    name,
    label,
    value: minor === null ? '' : formatAmount(minor),
    hint: `in ${old.currency}, such as 500`,
  });
  return [
    {
      name: 'percent',
      label: 'Percent',
      required: true,
      value: formatPercent(old.percentPpm),
      hint: 'of the amount, such as 1.5',
    },
    // Amounts need a currency; a schedule for any currency has none.
    ...(old.currency === null
      ? []
      : [
          amount('flat', 'Flat', old.flatMinor),
          amount('minimum', 'At least', old.minimumMinor),
          amount('maximum', 'At most', old.maximumMinor),
          ...(old.basis === 'cost_plus' ? [amount('ceiling', 'Ceiling', old.ceilingMinor)] : []),
        ]),
    {
      name: 'commission',
      label: "Partner's share of it, percent",
      required: true,
      value: formatPercent(old.commissionPpm),
    },
  ];
}

/** The next version as asked for. Raises InvalidRequest naming the field. */
function nextVersion(of: Ordered): Omit<NewSchedule, 'createdBy'> {
  const old = versionOf(of);
  const percent = (name: string) => {
    const ppm = parsePercent(of.input[name] ?? '');
    if (ppm !== null) return ppm;
    throw InvalidRequest.field(
      name,
      'not_a_percentage',
      `${name}: give 0 to 100 with at most four decimals, such as 1.5.`,
    );
  };
  const amount = (name: string): bigint | null => {
    const given = of.input[name] ?? '';
    if (given === '') return null;
    if (/^0(\.0{1,2})?$/.test(given)) return 0n;
    const minor = old.currency === null ? 'not_an_amount' : parseAmount(given, old.currency);
    if (typeof minor === 'bigint') return minor;
    throw InvalidRequest.field(name, minor, `${name}: give an amount in ${old.currency ?? 'a currency'}, such as 500.`);
  };
  const minimumMinor = amount('minimum') ?? 0n;
  const maximumMinor = amount('maximum');
  if (maximumMinor !== null && maximumMinor < minimumMinor)
    throw InvalidRequest.field('maximum', 'below_minimum', 'At most: give no less than at least.');
  const ceilingMinor = amount('ceiling');
  if (old.basis === 'cost_plus' && ceilingMinor === null)
    throw InvalidRequest.field('ceiling', 'needs_ceiling', 'Ceiling: give the highest fee that may be held.');
  const { type, merchantId, method, country, currency, basis } = old;
  return {
    ...{ type, merchantId, method, country, currency, basis },
    percentPpm: percent('percent'),
    flatMinor: amount('flat') ?? 0n,
    ...{ minimumMinor, maximumMinor, ceilingMinor },
    commissionPpm: percent('commission'),
  };
}

const addVersion: Action = {
  name: 'next-version',
  panel: 'fees',
  label: 'Write the next version',
  permission: 'fees.add',
  isGrave: true,
  fits: (row) => row['isCurrent'] === true,
  fields: feeFields,
  async preview(_ctx, of) {
    const [old, next] = [versionOf(of), nextVersion(of)];
    const { currency } = old;
    return {
      sentences: [
        `Version ${old.version + 1} is charged on every new ${old.type} in its scope, from the next seconds on.`,
        `Transactions that exist keep the version they were accepted under.`,
      ],
      facts: [
        ['Percent', text(`${formatPercent(old.percentPpm)} % → ${formatPercent(next.percentPpm ?? 0)} %`)],
        ['Flat', money(next.flatMinor, currency)],
        ['At least', money(next.minimumMinor, currency)],
        ['At most', money(next.maximumMinor, currency)],
        ['Ceiling', money(next.ceilingMinor, currency)],
        ["Partner's share of it", text(`${formatPercent(next.commissionPpm ?? 0)} %`)],
      ],
      outline: { Version: String(old.version) },
    };
  },
  async carryOut(ctx, of) {
    const next = nextVersion(of);
    const made = await inTransaction(ctx.db, async (trx) => {
      const schedule = await addSchedule(trx, { ...next, createdBy: of.actor.actor });
      if (String(schedule.version - 1) !== of.outline['Version'])
        throw new StaleState('Somebody has written another version meanwhile. Look at it again.');
      const detail = { type: schedule.type, version: schedule.version };
      await audit(trx, { ...of.actor, action: 'fees.add', subject: schedule.id, reason: of.reason, detail });
      return schedule;
    });
    return { sentence: `Version ${made.version} is in force.`, leadsTo: made.id };
  },
};

export const HOUSE_ACTIONS: readonly Action[] = [freeze, unfreeze, addVersion];
