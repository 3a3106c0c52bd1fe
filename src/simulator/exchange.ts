// Exchange between own wallets: a quotation of 30 seconds, and the exchange that is final at once.
import { formatAmount } from '../money.ts';
import { accept, checkReference, operationKey } from './accept.ts';
import * as field from './fields.ts';
import { readMinor } from './operation.ts';
import { convert, rate, rateText } from './prices.ts';
import { checkUsable, readToken, signToken } from './quotation-token.ts';
import { quotationKey } from './quotations.ts';
import { Refusal, type Reply, success } from './reply.ts';
import type { World } from './world.ts';

const QUOTATION_SHAPE = {
  from: field.required(field.currency),
  to: field.required(field.currency),
  amount: field.required(field.amountOrText),
};

interface Carried {
  readonly exchange: { readonly from: string; readonly to: string; readonly given: string; readonly taken: string };
}

/** `POST /exchanges/quotation`: numbers, some with long tails, and a balance that is null. */
export function quote(world: World, body: unknown): Reply {
  const { settings } = world.faults;
  const given = field.checkFields(settings, body, QUOTATION_SHAPE);
  const from = given['from'] as string;
  const to = given['to'] as string;
  const amountMinor = field.toMinor(given['amount'] as number | string) ?? 0n;
  const scaledRate = rate(settings, from, to);
  const [source, target] = [world.book.wallets.get(from), world.book.wallets.get(to)];
  if (from === to || scaledRate === null || source?.enabled !== true || target?.enabled !== true) {
    throw new Refusal(400, `exchange from ${from} to ${to} is not supported`);
  }
  const baseAmount = Number(formatAmount(amountMinor));
  const carried: Carried = {
    exchange: { from, to, given: formatAmount(amountMinor), taken: formatAmount(convert(amountMinor, scaledRate)) },
  };
  const { token, expires } = signToken(world, quotationKey(body), carried, settings['quotation.exchangeTtlMs']);
  return success({
    ...(settings['quotation.omitExpires'] ? {} : { expires }),
    token,
    quotation: {
      baseCurrency: from,
      baseAmount,
      baseWalletBefore: Number(formatAmount(source.balanceMinor)),
      baseWalletAfter: Number(formatAmount(source.balanceMinor - amountMinor)),
      destCurrency: to,
      destAmount: baseAmount * Number(rateText(scaledRate)),
      destWalletBefore: Number(formatAmount(target.balanceMinor)),
      destWalletAfter: null,
      rate: Number(rateText(scaledRate)),
    },
  });
}

const SHAPE = { token: field.required(field.text), transactionRef: field.optional(field.reference) };

/** `POST /exchanges`: the body's code is 201 although the HTTP status is 200. */
export function exchange(world: World, body: unknown): Reply {
  const given = field.checkFields(world.faults.settings, body, SHAPE);
  const claims = readToken<Partial<Carried>>(world, given['token'] as string);
  if (claims.exchange === undefined) throw new Refusal(400, 'invalid quotation token');
  const { from, to, given: paid, taken } = claims.exchange;
  const reference = (given['transactionRef'] ?? null) as string | null;
  checkReference(world, reference);
  checkUsable(world, claims);
  const [paidMinor, takenMinor] = [readMinor(paid), readMinor(taken)];
  const before = [world.book.wallets.get(from)?.balanceMinor ?? 0n, world.book.wallets.get(to)?.balanceMinor ?? 0n];
  const [sourceBefore = 0n, targetBefore = 0n] = before;
  if (sourceBefore < paidMinor) throw new Refusal(402, 'insufficient balance');
  const side = (currency: string, minor: bigint, beforeMinor: bigint, afterMinor: bigint) => ({
    currency,
    amount: Number(formatAmount(minor)),
    balance: { before: formatAmount(beforeMinor), after: formatAmount(afterMinor) },
  });
  return accept(
    world,
    {
      reference,
      key: operationKey(world, 'exchange', reference, `${from} to ${to}`),
      type: 'exchange',
      currency: from,
      askedMinor: paidMinor,
      feesMinor: 0n,
      account: '',
      destinationCurrency: to,
      destinationAmount: taken,
      quotationId: claims.jti,
    },
    [
      { currency: from, deltaMinor: -paidMinor },
      { currency: to, deltaMinor: takenMinor },
    ],
    () =>
      success(
        {
          source: side(from, paidMinor, sourceBefore, sourceBefore - paidMinor),
          destination: side(to, takenMinor, targetBefore, targetBefore + takenMinor),
        },
        201,
      ),
  );
}
