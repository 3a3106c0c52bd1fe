// Payout quotations: what a payout would cost, bound into a token that expires and can be used once.
import { formatAmount } from '../money.ts';
import { eversendUser } from './account-checks.ts';
import { COUNTRIES } from './countries.ts';
import * as field from './fields.ts';
import type { Rail } from './operation.ts';
import { convert, convertBack, fixed, payoutFeeMinor, rate, rateText } from './prices.ts';
import { signToken } from './quotation-token.ts';
import { Refusal, type Reply, success } from './reply.ts';
import type { World } from './world.ts';

const { required, optional } = field;

/** Every value is text, as documented. */
export interface Quotation {
  readonly sourceCountry: string;
  readonly sourceCurrency: string;
  readonly sourceAmount: string;
  readonly destinationCountry: string;
  readonly destinationCurrency: string;
  readonly destinationAmount: string;
  readonly exchangeRate: string;
  readonly totalFees: string;
  readonly totalAmount: string;
  readonly type: Rail;
  readonly amountType: 'SOURCE' | 'DESTINATION';
  readonly amount: string;
}

/** What a payout token carries; `recipient` names the Eversend user of a wallet-to-wallet quotation. */
export interface Carried {
  readonly quotation: Quotation;
  readonly recipient?: {
    readonly account: string;
    readonly exists: boolean;
    readonly country: string;
    readonly phone: string;
  };
}

const MONEY = {
  sourceWallet: required(field.currency),
  amount: required(field.amount),
  amountType: optional(field.oneOf('SOURCE', 'DESTINATION')),
};
const DELIVERY_SHAPE = {
  ...MONEY,
  type: required(field.oneOf('momo', 'bank')),
  destinationCountry: required(field.country),
  destinationCurrency: required(field.currency),
};
const WALLET_SHAPE = {
  ...MONEY,
  type: optional(field.oneOf('eversend')),
  identifier: required(field.oneOf('phone', 'email', 'tag')),
  phone: optional(field.phone),
  email: optional(field.text),
  tag: optional(field.text),
};

/** What is quoted, as one text: the same for the same question. */
export function quotationKey(body: unknown): string {
  return `quotation ${JSON.stringify(body)}`.slice(0, 300);
}

/** `POST /payouts/quotation`, for phones and banks, and for Eversend wallets when it carries an identifier. */
export function quote(world: World, body: unknown): Reply {
  const { settings } = world.faults;
  const asked = body as { readonly identifier?: unknown; readonly type?: unknown } | null | undefined;
  const toWallet = asked?.identifier !== undefined || asked?.type === 'eversend';
  const given = field.checkFields(settings, body, toWallet ? WALLET_SHAPE : DELIVERY_SHAPE);
  if (toWallet) return quoteWallet(world, given, quotationKey(body));
  const type = given['type'] as Rail;
  const country = COUNTRIES.get(given['destinationCountry'] as string);
  const currency = given['destinationCurrency'] as string;
  if (country === undefined || !country.paymentTypes.includes(type)) {
    throw new Refusal(400, `${type} payouts to ${String(given['destinationCountry'])} are not supported`);
  }
  if (country.currency !== currency) {
    throw new Refusal(400, `destinationCurrency ${currency} is not supported in ${country.country}`);
  }
  const quotation = price(world, given, type, country.country, currency);
  return answer(world, quotationKey(body), { quotation }, {});
}

function quoteWallet(world: World, given: field.Fields, key: string): Reply {
  const identifier = given['identifier'] as 'phone' | 'email' | 'tag';
  const named = given[identifier];
  if (typeof named !== 'string') throw new Refusal(400, `${identifier} should not be empty`);
  const user = eversendUser(world, identifier, named);
  const quotation = price(world, given, 'eversend', user.country, user.defaultWallet);
  const phone = user.phoneNumber.prefix + user.phoneNumber.number;
  const recipient = { account: user.account, exists: user.merchantExists, country: user.country, phone };
  const { account: _, ...merchant } = user;
  return answer(world, key, { quotation, recipient }, { merchant });
}

function price(world: World, given: field.Fields, type: Rail, country: string, currency: string): Quotation {
  const { settings } = world.faults;
  const source = given['sourceWallet'] as string;
  if (world.book.wallets.get(source)?.enabled !== true) throw new Refusal(400, `${source} wallet is not active`);
  const scaledRate = rate(settings, source, currency);
  if (scaledRate === null) throw new Refusal(400, `no exchange rate from ${source} to ${currency}`);
  const askedMinor = field.toMinor(given['amount'] as number) ?? 0n;
  const amountType = (given['amountType'] ?? 'SOURCE') as Quotation['amountType'];
  const sourceMinor = amountType === 'SOURCE' ? askedMinor : convertBack(askedMinor, scaledRate);
  const destinationMinor = amountType === 'SOURCE' ? convert(askedMinor, scaledRate) : askedMinor;
  if (sourceMinor <= 0n || destinationMinor <= 0n) throw new Refusal(400, 'amount is too small');
  const feeMinor = type === 'eversend' ? 0n : payoutFeeMinor(settings, source);
  return {
    sourceCountry: 'UG',
    sourceCurrency: source,
    sourceAmount: formatAmount(sourceMinor),
    destinationCountry: country,
    destinationCurrency: currency,
    destinationAmount: formatAmount(destinationMinor),
    exchangeRate: rateText(scaledRate),
    totalFees: formatAmount(feeMinor),
    totalAmount: fixed(sourceMinor + feeMinor),
    type,
    amountType,
    amount: formatAmount(askedMinor),
  };
}

function answer(world: World, key: string, carried: Carried, more: object): Reply {
  const { settings } = world.faults;
  const { token, expires } = signToken(world, key, carried, settings['quotation.ttlMs']);
  const stated = settings['quotation.omitExpires'] ? {} : { expires };
  return success({ token, ...stated, quotation: carried.quotation, ...more });
}
