// The second factor: codes of an authenticator (RFC 6238), each good once, and recovery codes for when it is lost.
import { randomInt } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { encode } from 'uqr';
import { run, type Trx } from '../db/knex.ts';
import { digest, type Vault } from '../vault.ts';

const STEP_SECONDS = 30;
/** A clock may be off by this many steps, either way. */
const STEPS_OFF = 1;
const RECOVERY_CODES = 8;
// Without letters and digits that look alike.
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

const totp = (secret: string, email: string) =>
  new TOTP({ issuer: 'Payments console', label: email, secret: Secret.fromBase32(secret), period: STEP_SECONDS });

/** A secret for a new authenticator, in base 32. */
export const newSecret = (): string => new Secret({ size: 20 }).base32;

/** What an authenticator scans. */
export const addressOf = (secret: string, email: string): string => totp(secret, email).toString();

/** A code square as rows of dark and light modules. */
export const squareOf = (address: string): readonly (readonly boolean[])[] => encode(address, { border: 2 }).data;

/** The time step whose code it is; null for a wrong one. */
export function stepOf(secret: string, code: string): number | null {
  if (!/^[0-9]{6}$/.test(code)) return null;
  const delta = totp(secret, '').validate({ token: code, window: STEPS_OFF });
  return delta === null ? null : Math.floor(Date.now() / 1000 / STEP_SECONDS) + delta;
}

/** Ten letters and digits each, some fifty random bits; only digests of them are kept. */
export function newRecoveryCodes(): readonly string[] {
  const part = () => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return Array.from({ length: RECOVERY_CODES }, () => `${part()}-${part()}`);
}

// Both are spent in the statement that believes them: of two who send the same code at once, one gets in.
const SPEND_STEP = {
  name: 'spend_totp_step',
  text: 'UPDATE administrators SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2 RETURNING id',
};
const SPEND_RECOVERY = {
  name: 'spend_recovery_code',
  text: `UPDATE administrators SET recovery_hashes = array_remove(recovery_hashes, $2) WHERE id = $1 AND $2 = ANY(recovery_hashes)
    RETURNING id`,
};

/** Whether the code is right and was never used before; it is used now. */
export async function spendCode(
  trx: Trx,
  vault: Vault,
  of: { readonly id: string; readonly sealed: Buffer; readonly code: string },
): Promise<boolean> {
  const code = of.code.trim().toLowerCase().replaceAll(' ', '');
  const step = stepOf(vault.open(of.sealed), code);
  if (step !== null) return (await run(trx, SPEND_STEP, [of.id, step])).length > 0;
  if (!/^[a-z0-9]{5}-[a-z0-9]{5}$/.test(code)) return false;
  return (await run(trx, SPEND_RECOVERY, [of.id, digest(code)])).length > 0;
}

const OFFER = {
  name: 'offer_totp',
  text: 'UPDATE administrators SET totp_sealed = $2, updated_at = now() WHERE id = $1 AND totp_since IS NULL RETURNING id',
};
const OFFERED = {
  name: 'offered_totp',
  text: 'SELECT totp_sealed AS sealed FROM administrators WHERE id = $1 AND totp_since IS NULL AND totp_sealed IS NOT NULL',
};
const ENROL = {
  name: 'enrol_totp',
  text: `UPDATE administrators SET totp_since = now(), totp_last_step = $2, recovery_hashes = $3, updated_at = now()
    WHERE id = $1 AND totp_since IS NULL AND totp_sealed IS NOT NULL RETURNING id`,
};
const REMOVE = {
  name: 'remove_totp',
  text: `UPDATE administrators SET totp_since = NULL, totp_sealed = NULL, recovery_hashes = '{}', updated_at = now()
    WHERE id = $1 AND totp_since IS NOT NULL RETURNING id`,
};

/** A new secret, to be shown; it counts once its owner has shown a code of it. Null where there is a second factor already. */
export async function offerSecret(trx: Trx, vault: Vault, id: string): Promise<string | null> {
  const secret = newSecret();
  return (await run(trx, OFFER, [id, vault.seal(secret)])).length === 0 ? null : secret;
}

/** What was offered and is not in use yet; null when there is no such thing. */
export async function offeredSecret(trx: Trx, vault: Vault, id: string): Promise<string | null> {
  const [offered] = await run<{ sealed: Buffer }>(trx, OFFERED, [id]);
  return offered === undefined ? null : vault.open(offered.sealed);
}

/** Takes the offered secret into use; gives the recovery codes, which nobody can read again. Null for a wrong code. */
export async function enrol(trx: Trx, id: string, secret: string, code: string): Promise<readonly string[] | null> {
  const step = stepOf(secret, code.trim().replaceAll(' ', ''));
  if (step === null) return null;
  const codes = newRecoveryCodes();
  return (await run(trx, ENROL, [id, step, codes.map((one) => digest(one))])).length === 0 ? null : codes;
}

/** False where there was none. */
export async function removeSecondFactor(trx: Trx, id: string): Promise<boolean> {
  return (await run(trx, REMOVE, [id])).length > 0;
}
