// Earnings: what we kept (service_fee) or owe a partner (commission) of one settled transaction; a return takes them back.
import { BaseModel } from '../db/base-model.ts';
import type { Call } from '../db/knex.ts';

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

const RECORD = {
  name: 'record_earnings',
  text: `
    INSERT INTO earnings (transaction_id, kind, step, merchant_id, currency, amount_minor)
    SELECT transaction_id, kind, step, merchant_id, currency, amount_minor FROM jsonb_to_recordset($1)
      AS e(transaction_id text, kind text, step text, merchant_id text, currency text, amount_minor bigint)`,
};

/** The call that records earnings in the commit that books them. Amounts of zero are nothing earned and are left out. */
export function recordEarningsCalls(earnings: readonly NewEarning[]): Call[] {
  const rows = earnings
    .filter((earning) => earning.amountMinor !== 0n)
    .map((earning) => ({
      transaction_id: earning.transactionId,
      kind: earning.kind,
      step: earning.step,
      merchant_id: earning.merchantId,
      currency: earning.currency,
      amount_minor: earning.amountMinor.toString(),
    }));
  return rows.length === 0 ? [] : [{ statement: RECORD, values: [JSON.stringify(rows)] }];
}
