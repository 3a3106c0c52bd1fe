// The audit log: who did what to what, from where and why. Written in the commit of the deed, and never changed.
import { BaseModel } from '../db/base-model.ts';
import { run, type Trx } from '../db/knex.ts';

/** Whoever acts: `cli:<user of the machine>`, `admin:<administrator's id>`, `local` for what `npm start` prepares. */
export interface Actor {
  readonly actor: string;
  readonly clientAddress: string | null;
}

export interface Deed extends Actor {
  /** Thing and deed, such as `wallets.fund`. */
  readonly action: string;
  /** The id of what it was done to; null when there is none. */
  readonly subject: string | null;
  readonly reason?: string | null;
  /** Ids, codes and amounts as text; never personal data or secrets. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export class AuditRow extends BaseModel {
  static override tableName = 'audit_log';
  declare id: bigint;
  declare at: Date;
  declare actor: string;
  declare action: string;
  declare subject: string | null;
  declare reason: string | null;
  declare clientAddress: string | null;
  declare detail: Record<string, unknown>;
}

const WRITE = {
  name: 'write_audit',
  text: `INSERT INTO audit_log (actor, action, subject, reason, client_address, detail) VALUES ($1, $2, $3, $4, $5, $6)`,
};

/** Writes one row. It takes a database transaction, so that a deed and its trace stand or fall together. */
export async function audit(trx: Trx, deed: Deed): Promise<void> {
  const { actor, action, subject, reason = null, clientAddress, detail = {} } = deed;
  await run(trx, WRITE, [actor, action, subject, reason, clientAddress, JSON.stringify(detail)]);
}
