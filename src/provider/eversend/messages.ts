// Eversend's messages: read tolerantly (numbers, strings or null for one and the same field), written exactly, no float anywhere.
import { z } from 'zod';
import { formatAmount, parseWireDecimal } from '../../money.ts';
import type { ProviderTransaction } from '../provider.ts';

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;
const rawJSON = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** Parses JSON with every number left as the text it was written in; undefined when it is not JSON. */
export function readJson(text: string): unknown {
  try {
    return parse(text, (_key, value, { source }) => (typeof value === 'number' ? source : value));
  } catch {
    return undefined;
  }
}

/** Hundredths as a JSON number, digit for digit. */
export function wireAmount(minor: bigint): unknown {
  return rawJSON(formatAmount(minor));
}

/** Amounts that must be right to the hundredth: null for anything else. */
export function exactMinor(text: string | null | undefined): bigint | null {
  return text == null ? null : parseWireDecimal(text.trim());
}

/** Amounts that are information (what arrives, what it cost): rounded half away from zero where the provider calculates finer. */
export function nearestMinor(text: string | null | undefined): bigint | null {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]{1,40}))?$/.exec(text?.trim() ?? '');
  if (match === null) return null;
  const [, sign, whole = '', fraction = ''] = match;
  const decimals = fraction.padEnd(3, '0');
  const up = decimals.charAt(2) >= '5' ? 1n : 0n;
  const minor = BigInt(whole) * 100n + BigInt(decimals.slice(0, 2)) + up;
  return sign === '-' ? -minor : minor;
}

/** Text, or null where the field is absent or anything else. */
export const optionalText = z.string().nullish().catch(null);
const flag = z
  .union([z.boolean(), z.literal('true').transform(() => true)])
  .nullish()
  .catch(null);

export const envelope = z.object({
  code: optionalText,
  success: flag,
  data: z.unknown().optional(),
  message: z.unknown().optional(),
});

// What is kept of these has a form in the database too: whatever would not fit there is not understood here, so that nothing
// that the provider says can make writing it down fail.
const transactionMessage = z.object({
  transactionId: z.string().regex(/^[\x21-\x7e]{1,100}$/),
  transactionRef: optionalText,
  type: optionalText,
  status: optionalText,
  currency: z.string().regex(/^[A-Z]{3,5}$/),
  amount: z.string(),
  fees: optionalText,
  destinationAmount: optionalText,
  destinationCurrency: optionalText,
  isRefunded: flag,
  reason: z.unknown().optional(),
  redirectUrl: optionalText,
  checkoutUrl: optionalText,
  paymentUrl: optionalText,
});

const SUCCESSFUL = new Set(['successful', 'completed', 'success']);
const FAILED = new Set(['failed', 'declined', 'rejected', 'cancelled', 'canceled']);

/** Every word we do not know is `pending`: it makes us look again, and never moves money. */
function readStatus(word: string | null | undefined): ProviderTransaction['status'] {
  const status = (word ?? '').toLowerCase();
  if (SUCCESSFUL.has(status)) return 'successful';
  return FAILED.has(status) ? 'failed' : 'pending';
}

/** One transaction, from any endpoint; null when it lacks an id, a currency or an exact amount. `asked` is its type when it does not say. */
export function readTransaction(raw: unknown, asked?: 'collection' | 'payout'): ProviderTransaction | null {
  const parsed = transactionMessage.safeParse(raw);
  if (!parsed.success) return null;
  const message = parsed.data;
  const amountMinor = exactMinor(message.amount);
  const destinationCurrency = message.destinationCurrency || null;
  if (amountMinor === null || (destinationCurrency !== null && !/^[A-Z]{3}$/.test(destinationCurrency))) return null;
  const type = message.type?.toLowerCase() ?? asked;
  const redirectUrl = message.redirectUrl ?? message.checkoutUrl ?? message.paymentUrl ?? null;
  return {
    providerTransactionId: message.transactionId,
    reference: message.transactionRef?.slice(0, 100).replace(/\p{C}/gu, '\ufffd') ?? null,
    type: type === 'collection' || type === 'payout' ? type : 'other',
    status: readStatus(message.status),
    currency: message.currency,
    amountMinor,
    feesMinor: atLeast(0n, nearestMinor(message.fees)),
    destinationAmountMinor: atLeast(1n, nearestMinor(message.destinationAmount)),
    destinationCurrency,
    isRefunded: message.isRefunded === true,
    reason: wordsOf(message.reason) || null,
    redirectUrl: redirectUrl !== null && /^https:\/\/[^\s\p{C}]{1,1990}$/u.test(redirectUrl) ? redirectUrl : null,
  };
}

/** The amount, or null where it is less: no such amount can be kept. */
export function atLeast(leastMinor: bigint, amountMinor: bigint | null): bigint | null {
  return amountMinor === null || amountMinor < leastMinor ? null : amountMinor;
}

/** The raw transactions in an answer's `data`, whether it is a list, holds one, or is one. */
export function transactionsIn(data: unknown): readonly unknown[] {
  if (Array.isArray(data)) return data;
  const { transactions, transaction } = (data ?? {}) as { transactions?: unknown; transaction?: unknown };
  if (Array.isArray(transactions)) return transactions;
  return [typeof transaction === 'object' && transaction !== null ? transaction : data];
}

/** The provider's own words: a string, a list of them, or an object around either. At most 300 characters, on one line. */
export function wordsOf(message: unknown, depth = 0): string {
  if (typeof message === 'string') {
    return message
      .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
      .trim()
      .slice(0, 300)
      .toWellFormed();
  }
  if (depth === 4 || typeof message !== 'object' || message === null) return '';
  if (Array.isArray(message)) {
    return message
      .slice(0, 10)
      .map((item) => wordsOf(item, depth + 1))
      .filter((words) => words !== '')
      .join('; ')
      .slice(0, 300)
      .toWellFormed();
  }
  const { message: inner, error, reason } = message as { message?: unknown; error?: unknown; reason?: unknown };
  return wordsOf(inner ?? error ?? reason, depth + 1);
}
