// `wallets fund | list | freeze | unfreeze`.
import type { Command } from 'commander';
import { NotFound, StaleState } from '../errors.ts';
import { walletBalances } from '../ledger/balances.ts';
import { fundWallet } from '../ledger/fund.ts';
import { Merchant } from '../merchants/merchant.ts';
import { freezeWallet, openWallet, unfreezeWallet, Wallet } from '../merchants/wallet.ts';
import { formatAmount } from '../money.ts';
import { readAmount, readCurrency, readId, readReason, wrong } from './read.ts';
import { facts, readable, table } from './table.ts';
import { type Desk, verb } from './verb.ts';

async function withBalances(desk: Desk, wallets: readonly Wallet[]) {
  const balances = await walletBalances(
    desk.db,
    wallets.map((wallet) => wallet.id),
  );
  return wallets.map((wallet) => {
    const { availableMinor = 0n, heldMinor = 0n } = balances.get(wallet.id) ?? {};
    return { wallet, availableMinor, heldMinor };
  });
}

type Standing = Awaited<ReturnType<typeof withBalances>>[number];

const view = ({ wallet, availableMinor, heldMinor }: Standing) => ({
  id: wallet.id,
  merchantId: wallet.merchantId,
  owner: wallet.owner === '' ? null : wallet.owner,
  currency: wallet.currency,
  available: formatAmount(availableMinor),
  held: formatAmount(heldMinor),
  status: wallet.frozenAt === null ? 'active' : 'frozen',
});

function readOwner(text: string): string {
  if (!/^[\x21-\x7e]{1,64}$/.test(text)) throw wrong('--owner', 'Give 1 to 64 visible ASCII characters.');
  return text;
}

export function wallets(noun: Command): void {
  const fund = noun
    .command('fund')
    .description('give a wallet money that the provider holds for us (capital → wallet)')
    .requiredOption('--merchant <id>', 'whose wallet')
    .requiredOption('--currency <code>', 'ISO 4217')
    .requiredOption('--amount <amount>', 'in major units, such as 2000 or 21.71')
    .requiredOption('--reason <text>', 'why')
    .option('--owner <text>', "the merchant's own customer; the merchant itself unless said")
    .option('--reference <text>', 'your name for it: the same one is booked only once');
  verb<{ merchant: string; currency: string; amount: string; reason: string; owner?: string; reference?: string }>(
    fund,
    async (desk, options) => {
      const merchantId = readId('--merchant', options.merchant, 'merchant');
      const currency = readCurrency(options.currency);
      const amountMinor = readAmount('--amount', options.amount, currency);
      const reason = readReason(options.reason);
      const owner = options.owner === undefined ? '' : readOwner(options.owner);
      const { reference } = options;
      if (reference !== undefined && !/^[\x21-\x7e]{1,100}$/.test(reference))
        throw wrong('--reference', 'Give 1 to 100 visible ASCII characters.');
      const { actor } = desk.actor;
      const funded = await desk.audited(
        async (trx) => {
          const merchant = await Merchant.query(trx).findById(merchantId);
          if (merchant === undefined) throw new NotFound(`There is no merchant ${merchantId}.`);
          const walletId = await openWallet(trx, { merchantId, owner, currency });
          const named = reference === undefined ? {} : { reference };
          const order = { walletId, currency, amountMinor, reason, actor, ...named };
          const entryId = await fundWallet(trx, order).catch((error: unknown) => {
            if (!(error instanceof StaleState)) throw error;
            throw wrong('--reference', 'It has been booked already; nothing was changed.');
          });
          return { walletId, entryId };
        },
        ({ walletId, entryId }) => ({
          action: 'wallets.fund',
          subject: walletId,
          reason,
          detail: { merchantId, currency, amount: formatAmount(amountMinor), entryId },
        }),
      );
      const wallet = await Wallet.query(desk.db).findById(funded.walletId).throwIfNotFound();
      const [standing] = await withBalances(desk, [wallet]);
      if (standing === undefined) throw new NotFound();
      return {
        json: { ...view(standing), amount: formatAmount(amountMinor), entryId: funded.entryId },
        text: facts([
          ['wallet', wallet.id],
          ['funded', `${readable(amountMinor)} ${currency}`],
          ['available', `${readable(standing.availableMinor)} ${currency}`],
          ['entry', funded.entryId],
        ]),
      };
    },
  );

  const list = noun.command('list').description('wallets and balances').option('--merchant <id>', 'only its wallets');
  verb<{ merchant?: string }>(list, async (desk, options) => {
    const query = Wallet.query(desk.db).orderBy(['merchant_id', 'owner', 'currency']);
    if (options.merchant !== undefined) query.where('merchant_id', readId('--merchant', options.merchant, 'merchant'));
    const found = await withBalances(desk, await query);
    return {
      json: found.map(view),
      text: table(
        ['wallet', 'merchant', 'owner', 'currency', 'available', 'held', 'status'],
        found.map((standing) => [
          standing.wallet.id,
          standing.wallet.merchantId,
          standing.wallet.owner || null,
          standing.wallet.currency,
          readable(standing.availableMinor),
          readable(standing.heldMinor),
          standing.wallet.frozenAt === null ? 'active' : 'frozen',
        ]),
        { right: ['available', 'held'], none: 'There are no wallets.' },
      ),
    };
  });

  for (const [name, deed, what, before] of [
    ['freeze', freezeWallet, 'stop new payouts from a wallet; credits still arrive', 'frozen'],
    ['unfreeze', unfreezeWallet, 'let a wallet take payouts again', 'active'],
  ] as const) {
    const change = noun
      .command(name)
      .description(what)
      .requiredOption('--wallet <id>', 'which wallet')
      .requiredOption('--reason <text>', 'why');
    verb<{ wallet: string; reason: string }>(change, async (desk, options) => {
      const id = readId('--wallet', options.wallet, 'wallet');
      const reason = readReason(options.reason);
      const changed = await desk.audited(
        (trx) => deed(trx, id),
        (isNew) => ({ action: `wallets.${name}`, subject: id, reason, detail: isNew ? {} : { already: true } }),
      );
      const text = changed ? `${id} is ${before} now.` : `${id} was ${before} already.`;
      return { json: { id, status: before, changed }, text };
    });
  }
}
