// Earnings: what we kept (service_fee) or owe a partner (commission) of one settled transaction; a return takes them back.
import { BaseModel } from '../db/base-model.ts';

export const EARNING_KINDS = ['service_fee', 'commission'] as const;

export interface NewEarning {
  readonly transactionId: string;
  readonly kind: (typeof EARNING_KINDS)[number];
  readonly step: 'settle' | 'reverse';
  readonly merchantId: string;
  readonly currency: string;
  /** Hundredths: positive when settling, negative when reversing. */
  readonly amountMinor: bigint;
}

export class Earning extends BaseModel {
  static override tableName = 'earnings';
  static override idColumn = ['transaction_id', 'kind', 'step'];
  declare transactionId: string;
  declare kind: (typeof EARNING_KINDS)[number];
  declare step: 'settle' | 'reverse';
  declare merchantId: string;
  declare currency: string;
  declare amountMinor: bigint;
  declare earnedAt: Date;
}

/** An earning as the settling statement takes it; null for an amount of zero, which is nothing earned. */
export function earningRow(earning: NewEarning) {
  if (earning.amountMinor === 0n) return null;
  return {
    transaction_id: earning.transactionId,
    kind: earning.kind,
    step: earning.step,
    merchant_id: earning.merchantId,
    currency: earning.currency,
    amount_minor: earning.amountMinor.toString(),
  };
}
