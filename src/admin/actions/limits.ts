// Limits: above which amounts a merchant's payouts await approval, and what one operator may move alone.
import { inTransaction } from '../../db/knex.ts';
import { InvalidRequest, StaleState } from '../../errors.ts';
import { ApprovalLimit, removeApprovalLimit, setApprovalLimit } from '../../merchants/approval-limit.ts';
import { CURRENCIES, formatAmount, parseAmount } from '../../money.ts';
import { type Cell, money, text } from '../panels/cell.ts';
import { setDualControlLimit } from '../proposals/limit.ts';
import { record } from '../proposals/record.ts';
import type { Action, Carried, Effect, Field, Ordered } from './action.ts';

/** Empty: no limit. Raises InvalidRequest naming the field. */
function limitIn({ input }: Ordered, name: string, label: string, currency: string): bigint | null {
  const given = input[name] ?? '';
  if (given === '') return null;
  if (/^0(\.0{1,2})?$/.test(given)) return 0n;
  const minor = parseAmount(given, currency);
  if (typeof minor === 'bigint') return minor;
  throw InvalidRequest.field(
    name,
    minor,
    `${label}: give an amount in ${currency}, such as 500000; 0 for every one; or nothing.`,
  );
}

const plainLimit = (minor: bigint | null) => (minor === null ? '' : formatAmount(minor));
const shown = (minor: bigint | null, currency: string): Cell =>
  minor === null ? text('no limit') : money(minor, currency);

const PER_ACCOUNT = 'Above, to one account in 24 hours';
const IN_ALL = 'Above, in all in 24 hours';
const limitFields = (
  currency: string,
  row: { aboveMinor: bigint | null; dailyAboveMinor: bigint | null },
): readonly Field[] => [
  {
    name: 'above',
    label: PER_ACCOUNT,
    value: plainLimit(row.aboveMinor),
    hint: `in ${currency}; empty: no such limit; 0: every payout`,
  },
  {
    name: 'daily',
    label: IN_ALL,
    value: plainLimit(row.dailyAboveMinor),
    hint: `in ${currency}; empty: no such limit`,
  },
];

interface Wanted {
  readonly merchantId: string;
  readonly currency: string;
  readonly aboveMinor: bigint | null;
  readonly dailyAboveMinor: bigint | null;
}

function wantedFor(of: Ordered): Wanted {
  const currency = String(of.row['currency'] ?? of.input['currency'] ?? '');
  if (!CURRENCIES.includes(currency)) throw InvalidRequest.field('currency', 'unknown_currency', 'Choose a currency.');
  return {
    merchantId: String(of.row['merchantId'] ?? of.row['id']),
    currency,
    aboveMinor: limitIn(of, 'above', PER_ACCOUNT, currency),
    dailyAboveMinor: limitIn(of, 'daily', IN_ALL, currency),
  };
}

type Limits = Pick<Wanted, 'aboveMinor' | 'dailyAboveMinor'>;
const asItIs = (limit: Limits | undefined) => ({
  [PER_ACCOUNT]: plainLimit(limit?.aboveMinor ?? null),
  [IN_ALL]: plainLimit(limit?.dailyAboveMinor ?? null),
});

/** Whether something goes out without approval that waited for it before. */
const loosensApproval = (now: Limits | undefined, then: Limits): boolean =>
  (['aboveMinor', 'dailyAboveMinor'] as const).some((one) => {
    const [before, after] = [now?.[one] ?? null, then[one]];
    return before !== null && (after === null || after > before);
  });

/** `panel`: a limit that is there, or a merchant that has none in that currency yet. */
const changeApproval = (panel: 'approval-limits' | 'merchants'): Action => ({
  name: panel === 'merchants' ? 'limit-payouts' : 'change',
  panel,
  label: panel === 'merchants' ? 'Limit payouts' : 'Change',
  permission: 'limits.change',
  isGrave: true,
  fits: () => true,
  fields: (row) =>
    panel === 'merchants'
      ? [
          {
            name: 'currency',
            label: 'Currency',
            required: true,
            options: CURRENCIES.map((one) => [one, one] as const),
          },
          { name: 'above', label: PER_ACCOUNT, hint: 'empty: no such limit; 0: every payout' },
          { name: 'daily', label: IN_ALL, hint: 'empty: no such limit' },
        ]
      : limitFields(String(row['currency']), row as never),
  async preview(ctx, of): Promise<Effect> {
    const wanted = wantedFor(of);
    const { merchantId, currency, aboveMinor, dailyAboveMinor } = wanted;
    const now = await ApprovalLimit.query(ctx.db).findById([merchantId, currency]);
    const isNone = aboveMinor === null && dailyAboveMinor === null;
    const takesTwo = loosensApproval(now, wanted);
    return {
      sentences: [
        isNone
          ? 'Payouts of the merchant in this currency go out without an approval. What awaits one already goes on awaiting it.'
          : 'Payouts beyond it await the approval of another key, or of an approver here.',
        ...(takesTwo ? ['It lets go what waited for a second pair of eyes: so it takes two people itself.'] : []),
      ],
      facts: [
        [`${PER_ACCOUNT}, now`, shown(now?.aboveMinor ?? null, currency)],
        [`${PER_ACCOUNT}, then`, shown(aboveMinor, currency)],
        [`${IN_ALL}, now`, shown(now?.dailyAboveMinor ?? null, currency)],
        [`${IN_ALL}, then`, shown(dailyAboveMinor, currency)],
      ],
      outline: asItIs(now),
      takesTwo,
    };
  },
  async carryOut(ctx, of) {
    const wanted = wantedFor(of);
    const { merchantId, currency, aboveMinor, dailyAboveMinor } = wanted;
    const isNone = aboveMinor === null && dailyAboveMinor === null;
    await inTransaction(ctx.db, async (trx) => {
      const now = await ApprovalLimit.query(trx).findById([merchantId, currency]).forUpdate();
      if (JSON.stringify(asItIs(now)) !== JSON.stringify(of.outline))
        throw new StaleState('Somebody has changed the limit meanwhile. Look at it again.');
      if (isNone) await removeApprovalLimit(trx, merchantId, currency);
      else await setApprovalLimit(trx, wanted);
      const detail = {
        currency,
        above: plainLimit(aboveMinor) || null,
        dailyAbove: plainLimit(dailyAboveMinor) || null,
      };
      await record(trx, { permission: 'limits.change' }, of, {
        action: 'merchants.approval',
        subject: merchantId,
        detail,
      });
    });
    const leadsTo = isNone || panel === 'merchants' ? null : `${merchantId}.${currency}`;
    return {
      sentence: isNone ? 'There is no limit any more.' : 'The limit is set.',
      ...(leadsTo === null ? {} : { leadsTo }),
    };
  },
});

const ALONE = 'One person alone, in 24 hours';

/** Without a limit cases are decided alone, while funding and adjusting takes two: so only a lower one lets nobody do more than before. */
const loosens = (now: bigint | null, then: bigint | null) => (then === null ? now !== null : then > (now ?? 0n));

const changeDualControl: Action = {
  name: 'change',
  panel: 'dual-control',
  label: 'Change',
  permission: 'limits.change',
  isGrave: true,
  fits: () => true,
  fields: (row) => [
    {
      name: 'above',
      label: ALONE,
      value: plainLimit(row['aboveMinor'] as bigint | null),
      hint: `at most, in ${row['currency']}; empty: no limit; 0: nothing`,
    },
  ],
  async preview(_ctx, of) {
    const [now, then] = limitsOf(of);
    const currency = String(of.row['currency']);
    const isLooser = loosens(now, then);
    return {
      sentences: [
        then === null
          ? 'Whoever may decide a case may do so alone, whatever the amount. Funding and adjusting takes two people, always.'
          : 'What moves more than that, together with what the same person has moved alone within 24 hours, takes a second person.',
        ...(isLooser ? ['It lets one person do what took two: so it takes two people itself.'] : []),
      ],
      facts: [
        ['Now', shown(now, currency)],
        ['Then', shown(then, currency)],
      ],
      outline: { [ALONE]: now === null ? 'no limit' : formatAmount(now) },
      takesTwo: isLooser,
    };
  },
  async carryOut(ctx, of: Carried) {
    const [from, to] = limitsOf(of);
    const currency = String(of.row['currency']);
    const detail = { currency, from: plainLimit(from) || null, to: plainLimit(to) || null };
    await inTransaction(ctx.db, async (trx) => {
      await setDualControlLimit(trx, { currency, from, to, actor: of.actor.actor });
      await record(trx, changeDualControl, of, { action: 'dual_control.change', subject: currency, detail });
    });
    return { sentence: 'The limit is changed.' };
  },
};

function limitsOf(of: Ordered): readonly [now: bigint | null, then: bigint | null] {
  const currency = String(of.row['currency']);
  return [of.row['aboveMinor'] as bigint | null, limitIn(of, 'above', ALONE, currency)];
}

export const LIMIT_ACTIONS: readonly Action[] = [
  changeApproval('approval-limits'),
  changeApproval('merchants'),
  changeDualControl,
];
