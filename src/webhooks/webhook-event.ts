// The webhook event row: one provider callback as received, byte for byte, and how far it was followed up.
import { BaseModel } from '../db/base-model.ts';

export class WebhookEvent extends BaseModel {
  static override tableName = 'webhook_events';
  declare id: string;
  declare digest: Buffer;
  declare body: Buffer;
  declare reference: string | null;
  declare providerTransactionId: string | null;
  declare claimedStatus: string | null;
  /** `unknown`: about no transaction of ours. `unreadable`: signed, but nothing can follow from it. */
  declare state: 'received' | 'applied' | 'unknown' | 'unreadable';
  declare clientAddress: string | null;
  declare receivedAt: Date;
  declare dueAt: Date | null;
  declare generation: number;
  declare lookUps: number;
  declare appliedAt: Date | null;
}
