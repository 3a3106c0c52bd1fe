// The webhook event row: one provider callback as received, byte for byte, and how far it was followed up.
import { BaseModel } from '../db/base-model.ts';
import type { Vault } from '../vault.ts';

export class WebhookEvent extends BaseModel {
  static override tableName = 'webhook_events';
  declare id: string;
  declare digest: Buffer;
  /** Sealed: `openBody` gives the bytes as they came. Null once the person it told of was erased. */
  declare body: Buffer | null;
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

// One character per byte, whatever the bytes mean: not every signed body is text.
export const sealBody = (vault: Vault, body: Buffer): Buffer => vault.seal(body.toString('latin1'));
export const openBody = (vault: Vault, sealed: Buffer): Buffer => Buffer.from(vault.open(sealed), 'latin1');
