// Payouts on the wire: the quotation, when it ends, and the order that uses it.
import { z } from 'zod';
import { ProviderRejected, ProviderUnavailable } from '../../errors.ts';
import type { PayoutOrder, ProviderTransaction, Quotation, QuoteOrder } from '../provider.ts';
import {
  atLeast,
  exactMinor,
  nearestMinor,
  optionalText,
  readTransaction,
  transactionsIn,
  wireAmount,
} from './messages.ts';

/** Shorter than the 30 minutes seen: used where the provider states no end, and never a reason to send again. */
const UNSTATED_LIFETIME_MS = 25 * 60_000;

export function quotationBody(order: QuoteOrder): unknown {
  const amount = {
    sourceWallet: order.sourceCurrency,
    amount: wireAmount(order.amountMinor),
    amountType: order.amountType === 'source' ? 'SOURCE' : 'DESTINATION',
  };
  if (order.method !== 'eversend') {
    return {
      ...amount,
      type: order.method,
      destinationCountry: order.country,
      destinationCurrency: order.destinationCurrency,
    };
  }
  const { phone, email, tag } = order.recipient;
  if (phone !== undefined) return { ...amount, identifier: 'phone', phone };
  if (email !== undefined) return { ...amount, identifier: 'email', email };
  return { ...amount, identifier: 'tag', tag };
}

export function payoutBody({ method, reference, country, recipient, quotation }: PayoutOrder): unknown {
  const order = { token: quotation.token, transactionRef: reference };
  if (method === 'eversend') return order;
  const person = {
    country,
    phoneNumber: recipient.phone,
    firstName: recipient.firstName,
    lastName: recipient.lastName,
  };
  if (method === 'momo') return { ...order, ...person };
  return {
    ...order,
    ...person,
    bankCode: recipient.bankCode,
    bankName: recipient.bankName,
    bankAccountName: recipient.accountName,
    bankAccountNumber: recipient.accountNumber,
  };
}

/** The payout in an answer, when reference and amount are the ones asked for and the currencies those of the quotation. */
export function agreedPayout({ reference, quotation }: PayoutOrder, data: unknown): ProviderTransaction | null {
  const transaction = readTransaction(transactionsIn(data)[0], 'payout');
  if (
    transaction === null ||
    transaction.type !== 'payout' ||
    transaction.reference !== reference ||
    transaction.currency !== quotation.sourceCurrency ||
    transaction.amountMinor !== quotation.sourceAmountMinor ||
    (transaction.destinationCurrency ?? quotation.destinationCurrency) !== quotation.destinationCurrency
  ) {
    return null;
  }
  return transaction;
}

const quotationMessage = z.object({
  token: z.string().min(1),
  expires: optionalText,
  quotation: z.object({
    sourceCurrency: z.string(),
    sourceAmount: z.string(),
    destinationCurrency: z.string(),
    destinationAmount: z.string(),
    destinationCountry: optionalText,
    exchangeRate: optionalText,
    totalFees: z.string(),
    totalAmount: optionalText,
  }),
});
const merchantMessage = z.object({ merchant: z.object({ merchantExists: z.unknown().optional() }).nullish() });

/**
 * Reads the answer to a quotation that came `at` the provider's time. Raises ProviderRejected `invalid_recipient` when the
 * wallet's owner is unknown and `quote_mismatch` when something else was quoted than asked; ProviderUnavailable `unreadable`.
 */
export function readQuotation(order: QuoteOrder, data: unknown, at: Date): Quotation {
  const parsed = quotationMessage.safeParse(data);
  const { merchant } = merchantMessage.safeParse(data).data ?? {};
  if (order.method === 'eversend' && (parsed.success || merchant != null) && merchant?.merchantExists !== true) {
    throw new ProviderRejected('invalid_recipient', 'Nobody at Eversend has this phone, email or tag.');
  }
  if (!parsed.success) throw unreadable();
  const { token, quotation } = parsed.data;
  const sourceAmountMinor = atLeast(1n, exactMinor(quotation.sourceAmount));
  const destinationAmountMinor = atLeast(1n, nearestMinor(quotation.destinationAmount));
  const feesMinor = atLeast(0n, nearestMinor(quotation.totalFees));
  if (sourceAmountMinor === null || destinationAmountMinor === null || feesMinor === null) throw unreadable();
  const quotedMinor = order.amountType === 'source' ? sourceAmountMinor : exactMinor(quotation.destinationAmount);
  const destinationCountry = quotation.destinationCountry ?? null;
  if (
    quotation.sourceCurrency !== order.sourceCurrency ||
    quotedMinor !== order.amountMinor ||
    (order.destinationCurrency ?? quotation.destinationCurrency) !== quotation.destinationCurrency ||
    !/^[A-Z]{3}$/.test(quotation.destinationCurrency) ||
    (order.country ?? destinationCountry) !== (destinationCountry ?? order.country)
  ) {
    throw new ProviderRejected('quote_mismatch', 'The provider quoted something else than was asked for.');
  }
  const stated = statedExpiry(parsed.data.expires ?? null, token);
  return {
    token,
    expiresAt: stated ?? new Date(at.getTime() + UNSTATED_LIFETIME_MS),
    expiryStated: stated !== null,
    sourceCurrency: quotation.sourceCurrency,
    sourceAmountMinor,
    feesMinor,
    totalMinor: nearestMinor(quotation.totalAmount) ?? sourceAmountMinor + feesMinor,
    destinationCurrency: quotation.destinationCurrency,
    destinationAmountMinor,
    destinationCountry,
    rate: quotation.exchangeRate ?? '1',
  };
}

/** A time of day with its zone. One without would be read in this machine's zone, hours off. */
const MOMENT = /\d:\d\d(:\d\d(\.\d+)?)? ?(Z|UTC|GMT|[+-]\d\d:?\d\d)$/i;

/** `expires`, else the `exp` of a token that is a JWT; null where neither says anything. Its signature is not ours to check. */
function statedExpiry(expires: string | null, token: string): Date | null {
  const stated = new Date(expires !== null && MOMENT.test(expires.trim()) ? expires.trim() : Number.NaN);
  if (stated.getTime() > 0 && stated.getTime() < 1e14) return stated;
  const claims = token.split('.')[1];
  if (claims === undefined) return null;
  try {
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { exp?: unknown };
    return typeof exp === 'number' && exp > 0 && exp < 1e11 ? new Date(exp * 1000) : null;
  } catch {
    return null;
  }
}

function unreadable(): ProviderUnavailable {
  return new ProviderUnavailable('unreadable', "The provider's quotation could not be understood.");
}
