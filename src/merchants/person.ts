// Personal data of whoever pays or is paid: sealed as one piece, found again by keyed fingerprints.
import type { Recipient } from '../provider/provider.ts';
import type { Vault } from '../vault.ts';

export interface Person extends Recipient {
  readonly customer?: { readonly name?: string; readonly email?: string };
}

/** A person's data as stored: ciphertext, and fingerprints of the account (phone, bank account, e-mail or tag) and its last four. */
export interface SealedPerson {
  readonly sealed: Buffer;
  readonly accountHash: Buffer | null;
  readonly lastFourHash: Buffer | null;
}

/** The number or name under which money reaches the person: bank account, else phone, e-mail or tag. */
export function accountOf(person: Person): string | null {
  return person.accountNumber ?? person.phone ?? person.email ?? person.tag ?? null;
}

/** The keyed fingerprint by which an account is found again, however its letters are written. */
export function accountFingerprint(vault: Vault, account: string): Buffer {
  return vault.fingerprint('account', account.toLowerCase());
}

/** The same under every configured key: what is looked for may have been stored before the key was changed. */
export function accountFingerprints(vault: Vault, account: string): readonly Buffer[] {
  return vault.fingerprints('account', account.toLowerCase());
}

export function sealPerson(vault: Vault, person: Person): SealedPerson {
  const account = accountOf(person);
  return {
    sealed: vault.seal(JSON.stringify(person)),
    accountHash: account === null ? null : accountFingerprint(vault, account),
    lastFourHash: account === null || account.length < 4 ? null : vault.fingerprint('last_four', account.slice(-4)),
  };
}

/** Null when the person has been erased. */
export function openPerson(vault: Vault, sealed: Buffer | null): Person | null {
  return sealed === null ? null : (JSON.parse(vault.open(sealed)) as Person);
}
