// Money that operators book by hand: what a wallet is given, and adjusting entries. Two people, unless a limit lets one.
import type { Context } from '../../context.ts';
import { inTransaction } from '../../db/knex.ts';
import { InvalidRequest, NotFound } from '../../errors.ts';
import { isId, newId } from '../../ids.ts';
import { type Adjusted, adjusting } from '../../ledger/adjust.ts';
import { funding } from '../../ledger/fund.ts';
import { LedgerAccount } from '../../ledger/ledger-account.ts';
import { post } from '../../ledger/post.ts';
import { Wallet } from '../../merchants/wallet.ts';
import { formatAmount, parseAmount } from '../../money.ts';
import { link, money, text } from '../panels/cell.ts';
import { record } from '../proposals/record.ts';
import type { Action, Field, Ordered } from './action.ts';
import { movedBy, pinned } from './pinned.ts';

const idOf = ({ row }: Pick<Ordered, 'row'>) => String(row['id']);
const currencyOf = ({ row }: Pick<Ordered, 'row'>) => String(row['currency']);

/** Made with the form: sent twice, it is the same entry, and the book takes it once. */
const named = (): Field => ({
  name: 'entry',
  label: 'Name of the entry',
  kind: 'carried',
  value: newId('journalEntry'),
});

function nameOf({ input }: Ordered): string {
  const name = input['entry'] ?? '';
  if (isId('journalEntry', name)) return name;
  throw InvalidRequest.field('entry', 'not_an_id', 'Begin anew: this form names no entry.');
}

function amountOf(of: Ordered): bigint {
  const currency = currencyOf(of);
  const minor = parseAmount(of.input['amount'] ?? '', currency);
  if (typeof minor === 'bigint') return minor;
  throw InvalidRequest.field('amount', minor, `Amount: give an amount in ${currency}, such as 2000.`);
}

const standingOf = (wallet: Pick<Wallet, 'frozenAt'>) => (wallet.frozenAt === null ? 'active' : 'frozen');

/** Shown before there is a reason; the outline does not hold it. */
const fundingOf = (of: Ordered, reason: string) =>
  funding({
    walletId: idOf(of),
    currency: currencyOf(of),
    amountMinor: amountOf(of),
    reason,
    actor: of.actor.actor,
    reference: nameOf(of),
  });

const fund: Action = {
  name: 'fund',
  panel: 'wallets',
  label: 'Fund',
  permission: 'wallets.fund',
  needsLimit: true,
  isGrave: true,
  fits: () => true,
  fields: (row) => [
    named(),
    { name: 'amount', label: 'Amount', required: true, hint: `in ${row['currency']}, such as 2000` },
  ],
  async preview(_ctx, of) {
    const entries = [fundingOf(of, '')];
    return {
      sentences: [
        "The wallet is given that much of what the provider's wallet holds for us; it can be paid out at once.",
      ],
      facts: [
        ['Merchant', link('merchants', String(of.row['merchantId']), String(of.row['merchantName']))],
        ['Amount', money(amountOf(of), currencyOf(of))],
        ['Available now', money(of.row['available'] as bigint, currencyOf(of))],
      ],
      entries,
      outline: { Wallet: standingOf(of.row as unknown as Wallet), ...pinned(entries) },
      moves: movedBy(entries),
    };
  },
  async carryOut(ctx, of) {
    const entry = fundingOf(of, of.reason);
    const detail = { currency: entry.currency, amount: formatAmount(amountOf(of)), entryId: entry.id };
    await inTransaction(ctx.db, async (trx) => {
      await post(trx, [entry]);
      await record(trx, fund, of, { action: 'wallets.fund', subject: idOf(of), detail });
    });
    return { sentence: 'The wallet is funded.' };
  },
};

async function accountOf(
  ctx: Context,
  field: string,
  id: string,
): Promise<Adjusted & { readonly walletId: string | null }> {
  const account = /^[A-Za-z0-9_]{2,40}:[A-Za-z]{3,10}$/.test(id)
    ? await LedgerAccount.query(ctx.db).findById(id)
    : undefined;
  if (account !== undefined) return account;
  throw InvalidRequest.field(field, 'no_such_account', 'To: give the id of a ledger account, such as capital:UGX.');
}

async function walletOf(ctx: Context, walletId: string | null): Promise<string> {
  if (walletId === null) return 'no wallet';
  const wallet = await Wallet.query(ctx.db).findById(walletId);
  if (wallet === undefined) throw new NotFound(`There is no wallet ${walletId}.`);
  return standingOf(wallet);
}

async function adjustment(ctx: Context, of: Ordered, reason: string) {
  const from = await accountOf(ctx, 'from', idOf(of));
  const to = await accountOf(ctx, 'to', of.input['to'] ?? '');
  const order = { reference: nameOf(of), from, to, amountMinor: amountOf(of), reason, actor: of.actor.actor };
  return { from, to, entry: adjusting(order) };
}

const adjust: Action = {
  name: 'adjust',
  panel: 'accounts',
  label: 'Adjust',
  permission: 'ledger.adjust',
  needsLimit: true,
  isGrave: true,
  fits: (row) => row['kind'] !== 'wallet_held',
  fields: (row) => [
    named(),
    { name: 'to', label: 'To', required: true, hint: `the account that gets it, such as capital:${row['currency']}` },
    { name: 'amount', label: 'Amount', required: true, hint: `in ${row['currency']}, such as 2000` },
  ],
  async preview(ctx, of) {
    const { from, to, entry } = await adjustment(ctx, of, '');
    const suspended = [from, to].some(({ kind }) => kind === 'suspense');
    return {
      sentences: [
        'An adjusting entry lowers this account and raises the other one. It is never changed; what was wrong with it is put right by another.',
      ],
      facts: [
        ['From', link('accounts', from.id)],
        ['To', link('accounts', to.id)],
        ['Amount', money(amountOf(of), from.currency)],
        ['Kind', text('adjust')],
      ],
      entries: [entry],
      against: suspended
        ? 'What is in suspense waits for the decision of a case, which books it by itself; adjusted, that case would book it a second time'
        : null,
      outline: {
        [`Wallet of ${from.id}`]: await walletOf(ctx, from.walletId),
        [`Wallet of ${to.id}`]: await walletOf(ctx, to.walletId),
        ...pinned([entry]),
      },
      moves: movedBy([entry]),
    };
  },
  async carryOut(ctx, of) {
    const { from, to, entry } = await adjustment(ctx, of, of.reason);
    const detail = {
      from: from.id,
      to: to.id,
      currency: entry.currency,
      amount: formatAmount(amountOf(of)),
      entryId: entry.id,
    };
    await inTransaction(ctx.db, async (trx) => {
      await post(trx, [entry]);
      await record(trx, adjust, of, { action: 'ledger.adjust', subject: idOf(of), detail });
    });
    return { sentence: 'The adjusting entry is posted.' };
  },
};

export const MONEY_ACTIONS: readonly Action[] = [fund, adjust];
