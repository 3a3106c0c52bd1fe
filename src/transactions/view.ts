// A transaction as its merchant sees it: the public shape of the API, whole, with amounts as decimal strings.
import { accountOf, type Person } from '../merchants/person.ts';
import { formatAmount } from '../money.ts';
import type { TransactionRow } from './transaction.ts';

const amount = (minor: bigint | null) => (minor === null ? null : formatAmount(minor));

type Inner = 'dueAt' | 'generation' | 'tries' | 'attemptNo' | 'actor' | 'clientAddress' | 'approvedAt';
type Placed = 'walletId' | 'merchantId' | 'createdAt' | 'updatedAt';

/** The JSON of one transaction up to what `viewPlaced` adds. `person` is null once erased; `owner` '' is the merchant itself. */
export function viewGiven(
  transaction: Omit<TransactionRow, Inner | Placed>,
  of: { person: Person | null; owner: string },
) {
  return {
    id: transaction.id,
    type: transaction.type,
    status: transaction.state,
    amount: amount(transaction.amountMinor),
    currency: transaction.currency,
    fee: amount(transaction.feeMinor),
    charge: amount(transaction.chargeMinor),
    destinationAmount: amount(transaction.destinationAmountMinor),
    destinationCurrency: transaction.destinationCurrency,
    country: transaction.country,
    method: transaction.method,
    accountNumber: of.person === null ? null : accountOf(of.person),
    owner: of.owner === '' ? null : of.owner,
    reference: transaction.reference,
    refundOf: transaction.refundOf,
    providerTransactionId: transaction.providerTransactionId,
    approvalUrl: transaction.approvalUrl,
    failure:
      transaction.failureCode === null
        ? null
        : { code: transaction.failureCode, message: transaction.failureMessage ?? '' },
    metadata: transaction.metadata,
    scheduledAt: transaction.scheduledAt?.toISOString() ?? null,
    settledAt: transaction.settledAt?.toISOString() ?? null,
  };
}

/** The end of that JSON: what is known only once the transaction is stored. */
export function viewPlaced(transaction: Pick<TransactionRow, 'walletId' | 'createdAt' | 'updatedAt'>) {
  return {
    walletId: transaction.walletId,
    createdAt: transaction.createdAt.toISOString(),
    updatedAt: transaction.updatedAt.toISOString(),
  };
}

/** The JSON of one transaction, whole. */
export function viewTransaction(
  transaction: Omit<TransactionRow, Inner>,
  of: { person: Person | null; owner: string },
) {
  return { ...viewGiven(transaction, of), ...viewPlaced(transaction) };
}
