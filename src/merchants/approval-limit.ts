// Approval limits: above which amount a merchant's payouts in a currency await a second pair of eyes.
import { BaseModel } from '../db/base-model.ts';
import type { Trx } from '../db/knex.ts';

export class ApprovalLimit extends BaseModel {
  static override tableName = 'approval_limits';
  static override idColumn = ['merchant_id', 'currency'];
  declare merchantId: string;
  declare currency: string;
  /** What one account may be paid within 24 hours without approval; null: no such limit, 0: nothing. */
  declare aboveMinor: bigint | null;
  /** The same of all payouts in this currency together. */
  declare dailyAboveMinor: bigint | null;
  declare createdAt: Date;
  declare updatedAt: Date;
}

/** Puts the limit in the place of the one that was there. At least one of the two amounts is given. */
export async function setApprovalLimit(
  trx: Trx,
  of: Pick<ApprovalLimit, 'merchantId' | 'currency' | 'aboveMinor' | 'dailyAboveMinor'>,
): Promise<void> {
  await ApprovalLimit.query(trx)
    .insert({ ...of, updatedAt: trx.fn.now() } as never)
    .onConflict(['merchant_id', 'currency'])
    .merge(['above_minor', 'daily_above_minor', 'updated_at']);
}

/** Takes the limit away; what awaits approval already goes on awaiting it. False when there was none. */
export async function removeApprovalLimit(trx: Trx, merchantId: string, currency: string): Promise<boolean> {
  return (await ApprovalLimit.query(trx).delete().where({ merchant_id: merchantId, currency })) > 0;
}
