// The bodies of webhooks: the composition documented for each event, flat or nested, and the lies that can be told with them.
import { formatAmount } from '../money.ts';
import type { Operation, Status } from './operation.ts';

/** The documented body of an event about `operation`, as if its status were `status`. */
export function eventBody(operation: Operation, status: Status): Record<string, unknown> {
  const common = {
    type: operation.type,
    status,
    transactionId: operation.transactionId,
    transactionRef: operation.reference,
    currency: operation.currency,
  };
  const times = {
    createdAt: new Date(operation.createdMs).toISOString(),
    updatedAt: new Date(operation.updatedMs).toISOString(),
  };
  const refunded = operation.isRefunded ? { isRefunded: true } : {};
  if (operation.type === 'collection') {
    return {
      eventType: COLLECTION_EVENTS[status],
      ...common,
      amount: formatAmount(operation.amountMinor),
      fees: formatAmount(operation.feesMinor),
      phoneNumber: operation.account,
      customer: operation.customer,
      ...refunded,
      reason: operation.reason,
      ...times,
    };
  }
  return {
    eventType: 'transaction.payout',
    ...common,
    amount: Number(formatAmount(operation.amountMinor)),
    fees: Number(formatAmount(operation.feesMinor)),
    destinationCurrency: operation.destinationCurrency,
    destinationAmount: operation.destinationAmount,
    ...refunded,
    reason: operation.reason,
    ...times,
  };
}

const COLLECTION_EVENTS: Readonly<Record<Status, string>> = {
  successful: 'transaction.eversendCollectionSuccessful',
  failed: 'transaction.eversendCollectionDeclined',
  pending: 'transaction.eversendCollectionPending',
};

/** The same under `data`, with `eventType` beside it. */
export function nest({ eventType, ...data }: Record<string, unknown>): Record<string, unknown> {
  return { eventType, data };
}

export function opposite(status: Status): Status {
  return status === 'successful' ? 'failed' : 'successful';
}

export function otherAmount(body: Record<string, unknown>): Record<string, unknown> {
  const amount = Number(body['amount']) + 1;
  return { ...body, amount: typeof body['amount'] === 'string' ? String(amount) : amount };
}

/** The same content in other bytes: fields backwards, with spaces. */
export function respell(body: Record<string, unknown>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(body).reverse()), null, 1);
}
