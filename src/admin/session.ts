// Sessions of administrators: staying in for a while, where one is signed in, and being out at once.
import { randomBytes } from 'node:crypto';
import { audit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { inTransaction, run, runAlone, type Trx } from '../db/knex.ts';
import { digest } from '../vault.ts';
import type { Role } from './administrator.ts';

/** Without any request for this long, or this long after signing in whatever happens, a session is over. Database time. */
const IDLE = "interval '30 minutes'";
const ABSOLUTE = "interval '12 hours'";
/** Between the right password and the code of the second factor. */
const CODE_WITHIN = "interval '5 minutes'";
/** For how long a sensitive action believes that whoever signed in or confirmed is still the one at the keyboard. */
const CONFIRMED = "interval '10 minutes'";

export interface Session {
  readonly administratorId: string;
  readonly email: string;
  readonly role: Role;
  readonly signedInAt: Date;
  /** Whether its owner has proved to be there within the last minutes: what sensitive actions ask for. */
  readonly confirmed: boolean;
  readonly hasSecondFactor: boolean;
  /** Somebody else has seen the password: nothing may be done but to choose another. */
  readonly mustChangePassword: boolean;
  /** How many proposals of others wait for a second person. */
  readonly proposals: number;
}

const LIVE = `s.created_at > now() - ${ABSOLUTE} AND s.last_seen_at > now() - ${IDLE}
  AND (NOT s.needs_code OR s.created_at > now() - ${CODE_WITHIN})`;

const FIND = {
  name: 'find_admin_session',
  text: `
    SELECT a.id AS "administratorId", a.email, a.role, s.created_at AS "signedInAt", s.confirmed_at > now() - ${CONFIRMED} AS confirmed,
      a.totp_since IS NOT NULL AS "hasSecondFactor", a.must_change_password AS "mustChangePassword",
      (SELECT count(*)::int FROM proposals p WHERE p.state = 'open' AND p.expires_at > now() AND p.proposed_by <> a.id) AS proposals,
      s.last_seen_at < now() - interval '1 minute' AS stale
    FROM admin_sessions s JOIN administrators a ON a.id = s.administrator_id
    WHERE s.token_hash = $1 AND a.disabled_at IS NULL AND NOT s.needs_code AND ${LIVE}`,
};
const TOUCH = {
  name: 'touch_admin_session',
  text: 'UPDATE admin_sessions SET last_seen_at = now() WHERE token_hash = $1',
};

/** Whose session it is; null when there is none (any more). With `counts` the request keeps it from falling idle. */
export async function findSession(ctx: Context, token: string, counts: boolean): Promise<Session | null> {
  const hash = digest(token);
  const [row] = await runAlone<Session & { stale: boolean }>(ctx.db, FIND, [hash]);
  if (row === undefined) return null;
  if (counts && row.stale) await runAlone(ctx.db, TOUCH, [hash]);
  const { stale: _, ...session } = row;
  return session;
}

const HALF = {
  name: 'find_half_admin_session',
  text: `SELECT a.email FROM admin_sessions s JOIN administrators a ON a.id = s.administrator_id
    WHERE s.token_hash = $1 AND s.needs_code AND a.disabled_at IS NULL AND ${LIVE}`,
};

/** Whose password was right and whose code is still missing; null when there is no such session. */
export async function findHalfSession(ctx: Context, token: string): Promise<{ email: string } | null> {
  const [row] = await runAlone<{ email: string }>(ctx.db, HALF, [digest(token)]);
  return row ?? null;
}

const OPEN = {
  name: 'open_admin_session',
  text: `INSERT INTO admin_sessions (token_hash, administrator_id, client_address, user_agent, needs_code, confirmed_at)
    VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN now() ELSE 'epoch' END)`,
};
const FORGET = { name: 'forget_admin_sessions', text: `DELETE FROM admin_sessions s WHERE NOT (${LIVE})` };
const CLOSE = {
  name: 'close_admin_session',
  text: 'DELETE FROM admin_sessions WHERE token_hash = $1 RETURNING administrator_id AS id',
};

/** Where a session comes from. */
export interface Origin {
  readonly clientAddress: string | null;
  /** What the browser calls itself, for the list of one's own sessions. */
  readonly userAgent: string | null;
  /** A session that this browser still has: it ends, so that nobody's session is taken over by another person's sign-in. */
  readonly former: string | null;
}

/** A new session; gives its token. `needsCode`: it opens nothing yet. `isProved` false: its owner has not shown all that a confirmation takes. */
export async function openSession(
  trx: Trx,
  of: Origin & { readonly administratorId: string; readonly needsCode: boolean; readonly isProved?: boolean },
): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await run(trx, FORGET, []);
  if (of.former !== null) await run(trx, CLOSE, [digest(of.former)]);
  // Visible ASCII only, cut to size.
  const userAgent = of.userAgent?.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 200) ?? null;
  await run(trx, OPEN, [
    digest(token),
    of.administratorId,
    of.clientAddress,
    userAgent,
    of.needsCode,
    of.isProved ?? true,
  ]);
  return token;
}

/** Ends the session at once; a token that opens nothing is no error. */
export async function signOut(ctx: Context, token: string, clientAddress: string | null): Promise<void> {
  await inTransaction(ctx.db, async (trx) => {
    const [closed] = await run<{ id: string }>(trx, CLOSE, [digest(token)]);
    if (closed !== undefined) await note(trx, 'admins.sign_out', closed.id, clientAddress);
  });
}

/** An audit row about somebody's own way in or out; `id` null: nobody knows who it was. */
export function note(trx: Trx, action: string, id: string | null, clientAddress: string | null): Promise<void> {
  return audit(trx, { actor: id === null ? 'stranger' : `admin:${id}`, clientAddress, action, subject: id });
}

const CONFIRM = {
  name: 'confirm_admin_session',
  text: 'UPDATE admin_sessions SET confirmed_at = now() WHERE token_hash = $1',
};

export async function markConfirmed(trx: Trx, token: string): Promise<void> {
  await run(trx, CONFIRM, [digest(token)]);
}

export interface OwnSession {
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly clientAddress: string | null;
  readonly userAgent: string | null;
  readonly isThis: boolean;
}

const LIST = {
  name: 'list_admin_sessions',
  text: `
    SELECT s.created_at AS "createdAt", s.last_seen_at AS "lastSeenAt", host(s.client_address) AS "clientAddress",
      s.user_agent AS "userAgent", s.token_hash = $2 AS "isThis"
    FROM admin_sessions s WHERE s.administrator_id = $1 AND NOT s.needs_code AND ${LIVE} ORDER BY s.last_seen_at DESC LIMIT 100`,
};

/** Where somebody is signed in, last used first; `token` is that of the session that asks. */
export function listSessions(ctx: Context, administratorId: string, token: string): Promise<OwnSession[]> {
  return runAlone<OwnSession>(ctx.db, LIST, [administratorId, digest(token)]);
}

const END_OTHERS = {
  name: 'end_other_admin_sessions',
  text: 'DELETE FROM admin_sessions WHERE administrator_id = $1 AND token_hash <> $2 RETURNING 1',
};

/** Ends all sessions of somebody but this one; gives how many. */
export function endOtherSessions(
  ctx: Context,
  administratorId: string,
  token: string,
  clientAddress: string | null,
): Promise<number> {
  return inTransaction(ctx.db, async (trx) => {
    const ended = await run(trx, END_OTHERS, [administratorId, digest(token)]);
    await note(trx, 'admins.sign_out_elsewhere', administratorId, clientAddress);
    return ended.length;
  });
}
