// Every column that the vault seals, in one list: what a rotation of DATA_ENCRYPTION_KEY goes through.
import { accountFingerprint, openPerson, sealPerson } from '../merchants/person.ts';
import type { Vault } from '../vault.ts';

export interface SealedTable {
  readonly table: string;
  /** The primary key's columns, all of them text. */
  readonly key: readonly string[];
  readonly sealed: readonly string[];
  /** Columns to be written together with the first sealed one, made from it: fingerprints, which follow the key too. */
  readonly derived?: {
    readonly columns: readonly string[];
    readonly from: (vault: Vault, sealed: Buffer) => readonly (Buffer | null)[];
  };
}

/** A table with sealed columns is one line here. */
export const SEALED_TABLES: readonly SealedTable[] = [
  {
    table: 'personal_data',
    key: ['subject_id'],
    sealed: ['sealed', 'otp_sealed'],
    derived: { columns: ['account_hash', 'last_four_hash'], from: printsOf },
  },
  {
    table: 'beneficiaries',
    key: ['id'],
    sealed: ['account_sealed'],
    derived: {
      columns: ['account_hash'],
      from: (vault, sealed) => [accountFingerprint(vault, vault.open(sealed))],
    },
  },
  { table: 'idempotency_keys', key: ['merchant_id', 'route', 'key'], sealed: ['answer'] },
  { table: 'webhook_events', key: ['id'], sealed: ['body'] },
  { table: 'bulk_rows', key: ['payout_id'], sealed: ['sealed'] },
  { table: 'webhook_endpoints', key: ['id'], sealed: ['secret_sealed', 'previous_sealed'] },
  { table: 'administrators', key: ['id'], sealed: ['totp_sealed'] },
];

function printsOf(vault: Vault, sealed: Buffer): readonly (Buffer | null)[] {
  const person = openPerson(vault, sealed);
  if (person === null) return [null, null];
  const { accountHash, lastFourHash } = sealPerson(vault, person);
  return [accountHash, lastFourHash];
}
