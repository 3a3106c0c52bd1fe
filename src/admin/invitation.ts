// Invitations: a link by which somebody chooses a password, once and within three days; and the same to begin anew.
import { randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import { run, type Trx } from '../db/knex.ts';
import { NotFound } from '../errors.ts';
import { digest } from '../vault.ts';
import { createAdministrator, type Role } from './administrator.ts';

/** Hashes to nothing: no password is right. */
const NO_PASSWORD = '!';
const LIFETIME = "interval '72 hours'";

export interface Invitation {
  readonly id: string;
  /** Only in the link; its digest is kept. */
  readonly secret: string;
  readonly endsAt: Date;
}

const INVITE = {
  name: 'invite_administrator',
  text: `
    UPDATE administrators SET invitation_hash = $2, invitation_ends_at = now() + ${LIFETIME}, password_hash = $3, must_change_password = false,
      totp_since = NULL, totp_sealed = NULL, recovery_hashes = '{}', failed_logins = 0, last_failed_at = NULL, updated_at = now()
    WHERE email = $1 AND disabled_at IS NULL RETURNING id, invitation_ends_at AS "endsAt"`,
};
const END_SESSIONS = {
  name: 'end_sessions_of_administrator',
  text: 'DELETE FROM admin_sessions WHERE administrator_id = $1 RETURNING 1',
};

/** Somebody new. Raises Conflict when the address is taken. */
export async function invite(trx: Trx, of: { email: string; role: Role }): Promise<Invitation> {
  await createAdministrator(trx, { ...of, passwordHash: NO_PASSWORD });
  return inviteAgain(trx, of.email);
}

/** Begins anew: password, second factor and sessions are gone, and the link is the only way in. Raises NotFound, also for the disabled. */
export async function inviteAgain(trx: Trx, email: string): Promise<Invitation> {
  const secret = randomBytes(32).toString('base64url');
  const [row] = await run<{ id: string; endsAt: Date }>(trx, INVITE, [email, digest(secret), NO_PASSWORD]);
  if (row === undefined) throw new NotFound(`There is no administrator ${email} who may sign in.`);
  await endSessionsOf(trx, row.id);
  return { ...row, secret };
}

/** Gives how many were open. */
export async function endSessionsOf(trx: Trx, administratorId: string): Promise<number> {
  return (await run(trx, END_SESSIONS, [administratorId])).length;
}

export function linkOf(config: Config, secret: string): string {
  const origin = config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`;
  return `${origin.replace(/\/$/, '')}${config.BASE_PATH}/admin/welcome/${secret}`;
}

const FIND = {
  name: 'find_invitation',
  text: `SELECT id, email FROM administrators WHERE invitation_hash = $1 AND invitation_ends_at > now() AND disabled_at IS NULL`,
};
const ACCEPT = {
  name: 'accept_invitation',
  text: `UPDATE administrators SET password_hash = $2, invitation_hash = NULL, invitation_ends_at = NULL, updated_at = now()
    WHERE invitation_hash = $1 AND invitation_ends_at > now() AND disabled_at IS NULL RETURNING id`,
};

/** Whom the link invites; null once it was used, when it is too old, and for one that never was. */
export async function findInvitation(trx: Trx, secret: string): Promise<{ id: string; email: string } | null> {
  const [row] = await run<{ id: string; email: string }>(trx, FIND, [digest(secret)]);
  return row ?? null;
}

/** Uses the link up. False when somebody was first. */
export async function acceptInvitation(trx: Trx, secret: string, passwordHash: string): Promise<boolean> {
  return (await run(trx, ACCEPT, [digest(secret), passwordHash])).length > 0;
}
