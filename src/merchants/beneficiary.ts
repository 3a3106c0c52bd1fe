// Beneficiaries: whom a merchant pays, saved once; who they are lies sealed with the rest of the personal data.
import type { Context } from '../context.ts';
import { BaseModel } from '../db/base-model.ts';
import type { Method, Recipient } from '../provider/provider.ts';
import { openPerson } from './person.ts';

export class Beneficiary extends BaseModel {
  static override tableName = 'beneficiaries';
  declare id: string;
  declare merchantId: string;
  declare method: Method;
  declare country: string | null;
  declare createdAt: Date;
  declare updatedAt: Date;

  /** A merchant's beneficiary with its recipient; null when there is none or the person was erased. */
  static async find(
    ctx: Context,
    merchantId: string,
    id: string,
  ): Promise<{ method: Method; country: string | null; recipient: Recipient } | null> {
    const row = await Beneficiary.query(ctx.db)
      .join('personal_data', 'personal_data.subject_id', 'beneficiaries.id')
      .select('beneficiaries.*', 'personal_data.sealed')
      .findOne({ 'beneficiaries.id': id, 'beneficiaries.merchant_id': merchantId })
      .castTo<(Beneficiary & { sealed: Buffer | null }) | undefined>();
    const recipient = row === undefined ? null : openPerson(ctx.vault, row.sealed);
    return row === undefined || recipient === null ? null : { method: row.method, country: row.country, recipient };
  }
}
