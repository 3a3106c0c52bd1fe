// Beneficiaries: whom a merchant pays, saved once; who they are lies sealed with the rest of the personal data.
import type { Context } from '../context.ts';
import { BaseModel } from '../db/base-model.ts';
import { type Db, run, type Trx } from '../db/knex.ts';
import { Conflict, InvariantBroken, NotFound } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Method, Recipient } from '../provider/provider.ts';
import type { Vault } from '../vault.ts';
import { accountFingerprints, accountOf, openPerson, sealPerson } from './person.ts';
import type { Verification } from './verification.ts';

export class Beneficiary extends BaseModel {
  static override tableName = 'beneficiaries';
  declare id: string;
  declare merchantId: string;
  declare method: Method;
  /** Null for `eversend`. */
  declare country: string | null;
  /** Null once deleted. */
  declare accountHash: Buffer | null;
  declare reference: string | null;
  declare verification: Verification | null;
  declare verifiedAt: Date | null;
  declare createdAt: Date;
  declare updatedAt: Date;
  declare deletedAt: Date | null;

  /** A merchant's beneficiary with its recipient; null when there is none, or it was deleted or the person erased. */
  static async find(ctx: Pick<Context, 'db' | 'vault'>, merchantId: string, id: string) {
    const [row] = await whole(ctx.db, merchantId).where('beneficiaries.id', id);
    return row === undefined ? null : opened(ctx.vault, row);
  }
}

type Row = Beneficiary & { sealed: Buffer | null };

/** A beneficiary and whom it names. */
export type KnownBeneficiary = Pick<
  Beneficiary,
  'id' | 'method' | 'country' | 'reference' | 'verification' | 'verifiedAt' | 'createdAt'
> & { readonly recipient: Recipient };

const whole = (db: Db | Trx, merchantId: string) =>
  Beneficiary.query(db)
    .join('personal_data', 'personal_data.subject_id', 'beneficiaries.id')
    .select('beneficiaries.*', 'personal_data.sealed')
    .where('beneficiaries.merchant_id', merchantId)
    .whereNull('beneficiaries.deleted_at')
    .whereNotNull('personal_data.sealed')
    .castTo<Row[]>();

function opened(vault: Vault, row: Row): KnownBeneficiary {
  const { id, method, country, reference, verification, verifiedAt, createdAt } = row;
  // Only rows whose person is there are asked for.
  const recipient = openPerson(vault, row.sealed) as Recipient;
  return { id, method, country, reference, verification, verifiedAt, createdAt, recipient };
}

/** Up to `limit` beneficiaries of a merchant, newest first, beginning after the id `after`. */
export async function listBeneficiaries(
  ctx: Pick<Context, 'db' | 'vault'>,
  of: {
    merchantId: string;
    method?: Method;
    country?: string;
    reference?: string;
    after?: string;
    limit: number;
  },
): Promise<KnownBeneficiary[]> {
  const query = whole(ctx.db, of.merchantId).orderBy('beneficiaries.id', 'desc').limit(of.limit);
  if (of.method !== undefined) query.where('beneficiaries.method', of.method);
  if (of.country !== undefined) query.where('beneficiaries.country', of.country);
  if (of.reference !== undefined) query.where('beneficiaries.reference', of.reference);
  if (of.after !== undefined) query.where('beneficiaries.id', '<', of.after);
  return (await query).map((row) => opened(ctx.vault, row));
}

export interface NewBeneficiary {
  readonly merchantId: string;
  readonly method: Method;
  readonly country: string | null;
  readonly recipient: Recipient;
  readonly reference: string | null;
}

// Whoever came a moment earlier has the account: the second insertion waits for its commit, and then writes nothing.
const ADD = {
  name: 'add_beneficiary',
  text: `
    WITH added AS (
      INSERT INTO beneficiaries (id, merchant_id, method, country, account_hash, reference, account_sealed)
        SELECT $1, $2, $3, $4, $5, $6, $10 WHERE NOT EXISTS (SELECT FROM beneficiaries
          WHERE merchant_id = $2 AND method = $3 AND coalesce(country, '') = coalesce($4, '') AND account_hash = ANY($11))
        ON CONFLICT DO NOTHING RETURNING id, created_at
    ), person AS (
      INSERT INTO personal_data (subject_id, merchant_id, sealed, account_hash, last_four_hash) SELECT id, $2, $7, $8, $9 FROM added
    )
    SELECT created_at AS "createdAt" FROM added`,
};

// Always one row; without an id where it was deleted this very moment.
const EXISTING = {
  name: 'existing_beneficiary',
  text: `
    SELECT coalesce(min(id), 'one that is being deleted') AS id FROM beneficiaries
    WHERE merchant_id = $1 AND method = $2 AND coalesce(country, '') = coalesce($3, '') AND account_hash = ANY($4)`,
};

/** A bank account is its bank and its number; a phone, e-mail or tag is itself. */
function identityOf(recipient: Recipient): string {
  const account = accountOf(recipient);
  if (account === null) throw new InvariantBroken('a beneficiary without an account');
  return recipient.bankCode === undefined ? account : `${recipient.bankCode} ${account}`;
}

/** Saves a beneficiary. Raises Conflict naming the one that has this account already. */
export async function addBeneficiary(trx: Trx, vault: Vault, of: NewBeneficiary): Promise<KnownBeneficiary> {
  const { merchantId, method, country, recipient, reference } = of;
  const id = newId('beneficiary');
  const identity = identityOf(recipient);
  const prints = [...accountFingerprints(vault, identity)];
  const { sealed, accountHash, lastFourHash } = sealPerson(vault, recipient);
  const given = [id, merchantId, method, country, prints[0], reference, sealed, accountHash, lastFourHash];
  const [added] = await run<{ createdAt: Date }>(trx, ADD, [...given, vault.seal(identity), prints]);
  if (added === undefined) {
    const rows = await run<{ id: string }>(trx, EXISTING, [merchantId, method, country, prints]);
    const [existing] = rows as [{ id: string }];
    throw new Conflict('conflict', `This account is saved already, as ${existing.id}. Pay it by that id.`);
  }
  return { id, method, country, reference, verification: null, verifiedAt: null, ...added, recipient };
}

const DELETE = {
  name: 'delete_beneficiary',
  text: `
    WITH gone AS (
      UPDATE beneficiaries SET deleted_at = now(), updated_at = now(), account_hash = NULL, account_sealed = NULL
        WHERE id = $1 AND merchant_id = $2 AND deleted_at IS NULL RETURNING id
    )
    UPDATE personal_data p SET sealed = NULL, otp_sealed = NULL, account_hash = NULL, last_four_hash = NULL,
        erased_at = coalesce(p.erased_at, now())
      FROM gone WHERE p.subject_id = gone.id RETURNING p.subject_id`,
};

/** Forgets whom it named; payouts that name it keep its id, and their own copy of whom they paid. Raises NotFound. */
export async function deleteBeneficiary(trx: Trx, merchantId: string, id: string): Promise<void> {
  if ((await run(trx, DELETE, [id, merchantId])).length === 0) throw new NotFound();
}

const NOTE = {
  name: 'note_verification',
  text: `
    UPDATE beneficiaries SET verification = $3, verified_at = now(), updated_at = now()
    WHERE id = $1 AND merchant_id = $2 AND deleted_at IS NULL`,
};

/** Keeps what the provider said of the account, and when. */
export async function noteVerification(
  trx: Trx,
  of: { merchantId: string; id: string; verification: Verification },
): Promise<void> {
  await run(trx, NOTE, [of.id, of.merchantId, of.verification]);
}
