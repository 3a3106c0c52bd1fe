// Wallets: what each holds, and whether it is frozen.
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { InvariantBroken, NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import { walletBalances } from '../../ledger/balances.ts';
import { findWallet, listWallets, type Wallet } from '../../merchants/wallet.ts';
import { formatAmount } from '../../money.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import * as input from '../inputs.ts';
import { pageOf, paging } from '../query.ts';
import * as views from '../views.ts';

async function viewWallets(ctx: Context, wallets: readonly Wallet[]) {
  const balances = await walletBalances(
    ctx.db,
    wallets.map(({ id }) => id),
  );
  return wallets.map(({ id, owner, currency, frozenAt }) => {
    const balance = balances.get(id);
    if (balance === undefined) throw new InvariantBroken(`the wallet ${id} has no accounts`);
    return {
      id,
      owner: owner === '' ? null : owner,
      currency,
      available: formatAmount(balance.availableMinor),
      held: formatAmount(balance.heldMinor),
      status: frozenAt === null ? 'active' : 'frozen',
    };
  });
}

const list = defineRoute({
  method: 'GET',
  path: '/v1/wallets',
  operationId: 'listWallets',
  tag: 'Wallets',
  scope: 'wallets:read',
  limit: 'reads',
  summary: "List wallets, the merchant's own first",
  query: z.strictObject({ owner: input.owner.optional(), currency: input.currency.optional(), ...paging }),
  responses: { 200: { description: 'A page.', schema: views.listOf(views.wallet) } },
  async handler({ ctx, caller, query }) {
    const { merchantId } = caller;
    const place = { list: 'wallets', merchantId };
    const position = openCursor(ctx, place, query.cursor);
    const [currency = '', ...owner] = position?.split(' ') ?? [];
    const { page, last } = pageOf(
      await listWallets(ctx.db, {
        merchantId,
        ...(query.owner === undefined ? {} : { owner: query.owner }),
        ...(query.currency === undefined ? {} : { currency: query.currency }),
        ...(position === undefined ? {} : { after: { currency, owner: owner.join(' ') } }),
        limit: query.limit + 1,
      }),
      query.limit,
    );
    const nextCursor = sealCursor(ctx, place, last === null ? null : `${last.currency} ${last.owner}`);
    return json(200, { data: await viewWallets(ctx, page), nextCursor });
  },
});

const read = defineRoute({
  method: 'GET',
  path: '/v1/wallets/{id}',
  operationId: 'getWallet',
  tag: 'Wallets',
  scope: 'wallets:read',
  limit: 'reads',
  summary: 'Read a wallet',
  params: z.strictObject({ id: views.walletId }),
  responses: { 200: { description: 'The wallet with its balances.', schema: views.wallet } },
  async handler({ ctx, caller, params }) {
    if (!isId('wallet', params.id)) throw new NotFound();
    const [wallet] = await viewWallets(ctx, [await findWallet(ctx.db, caller.merchantId, params.id)]);
    return json(200, wallet);
  },
});

export const walletRoutes = [list, read];
