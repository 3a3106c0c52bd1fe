// Sessions of administrators: signing in at a growing price for wrong guesses, staying in for a while, and being out at once.
import { randomBytes } from 'node:crypto';
import { audit } from '../audit/audit.ts';
import { type Context, perContext } from '../context.ts';
import { inTransaction, run, runAlone, type Trx } from '../db/knex.ts';
import { RateLimited, Unauthenticated } from '../errors.ts';
import { digest } from '../vault.ts';
import type { Role } from './administrator.ts';
import { checkPassword, hashPassword } from './password.ts';

/** Without any request for this long, or this long after signing in whatever happens, a session is over. Database time. */
const IDLE = "interval '30 minutes'";
const ABSOLUTE = "interval '12 hours'";
/** For how long a sensitive action believes that whoever signed in or confirmed is still the one at the keyboard. */
const CONFIRMED = "interval '10 minutes'";
/** Wrong guesses that cost nothing; from then on each waits twice as long as the one before, and never longer than this: nobody is locked out. */
const FREE_GUESSES = 5;
const LONGEST_WAIT_SECONDS = 30;
/** Addresses nobody has are remembered only as far as it takes to treat them like real ones. */
const MOST_STRANGERS = 10_000;

export interface Session {
  readonly administratorId: string;
  readonly email: string;
  readonly role: Role;
  readonly signedInAt: Date;
  /** Whether its owner has proved to be there within the last minutes: what sensitive actions ask for. */
  readonly confirmed: boolean;
}

const LIVE = `s.created_at > now() - ${ABSOLUTE} AND s.last_seen_at > now() - ${IDLE}`;

const FIND = {
  name: 'find_admin_session',
  text: `
    SELECT a.id AS "administratorId", a.email, a.role, s.created_at AS "signedInAt",
      s.confirmed_at > now() - ${CONFIRMED} AS confirmed, s.last_seen_at < now() - interval '1 minute' AS stale
    FROM admin_sessions s JOIN administrators a ON a.id = s.administrator_id
    WHERE s.token_hash = $1 AND a.disabled_at IS NULL AND ${LIVE}`,
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

// The guess is counted before it is looked at, so that a thousand at once are counted like a thousand one after the other.
const GUESS = {
  name: 'guess_password',
  text: `
    UPDATE administrators SET failed_logins = failed_logins + 1, last_failed_at = now()
    WHERE email = $1 AND disabled_at IS NULL
      AND (failed_logins < $2 OR last_failed_at + least(2 ^ least(failed_logins - $2, 20), $3) * interval '1 second' <= now())
    RETURNING id, password_hash AS "passwordHash"`,
};
const WAIT = {
  name: 'wait_for_guess',
  text: `
    SELECT (extract(epoch FROM last_failed_at + least(2 ^ least(failed_logins - $2, 20), $3) * interval '1 second' - now()) * 1000)::float8
      AS "waitMs"
    FROM administrators WHERE email = $1 AND disabled_at IS NULL`,
};
const SUCCEED = {
  name: 'sign_in',
  text: 'UPDATE administrators SET failed_logins = 0, last_failed_at = NULL, password_hash = $2 WHERE id = $1',
};
const OPEN = {
  name: 'open_admin_session',
  text: 'INSERT INTO admin_sessions (token_hash, administrator_id, client_address, user_agent) VALUES ($1, $2, $3, $4)',
};
const FORGET = { name: 'forget_admin_sessions', text: `DELETE FROM admin_sessions s WHERE NOT (${LIVE})` };
const CLOSE = {
  name: 'close_admin_session',
  text: 'DELETE FROM admin_sessions WHERE token_hash = $1 RETURNING administrator_id AS id',
};

interface Login {
  readonly email: string;
  readonly password: string;
  readonly clientAddress: string | null;
  /** What the browser calls itself, for the list of one's own sessions. */
  readonly userAgent: string | null;
  /** A session that this browser still has: it ends, so that nobody's session is taken over by another person's sign-in. */
  readonly former: string | null;
}

/**
 * Signs somebody in and gives the new session's token. Raises Unauthenticated, the same for an unknown address, a disabled person and
 * a wrong password, and RateLimited after too many wrong guesses; both are security events.
 */
export async function signIn(ctx: Context, login: Login): Promise<string> {
  const { email, password, clientAddress, userAgent, former } = login;
  const [person] = await runAlone<{ id: string; passwordHash: string }>(ctx.db, GUESS, limits(email));
  if (person === undefined) await refuseEarly(ctx, login);
  const { right, outdated } = await checkPassword(password, person?.passwordHash ?? null);
  if (person === undefined || !right) throw await refused(ctx, login, person?.id ?? null);
  const passwordHash = outdated ? await hashPassword(password) : person.passwordHash;
  const token = randomBytes(32).toString('base64url');
  await inTransaction(ctx.db, async (trx) => {
    await run(trx, SUCCEED, [person.id, passwordHash]);
    await run(trx, FORGET, []);
    if (former !== null) await run(trx, CLOSE, [digest(former)]);
    await run(trx, OPEN, [digest(token), person.id, clientAddress, readable(userAgent)]);
    await note(trx, 'admins.sign_in', person.id, clientAddress);
  });
  ctx.log.security(
    { event: 'signed_in', administratorId: person.id, ...from(clientAddress) },
    'an administrator signed in',
  );
  return token;
}

/** Visible ASCII only, cut to size. */
const readable = (userAgent: string | null) => userAgent?.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 200) ?? null;

const CONFIRM = {
  name: 'confirm_admin_session',
  text: 'UPDATE admin_sessions SET confirmed_at = now() WHERE token_hash = $1',
};

/** Its owner proves again to be there. Guesses are counted and refused as at the sign-in, and raise the same. */
export async function confirmSession(
  ctx: Context,
  of: Pick<Login, 'email' | 'password' | 'clientAddress'> & { readonly token: string },
): Promise<void> {
  const { email, password, clientAddress, token } = of;
  const [person] = await runAlone<{ id: string; passwordHash: string }>(ctx.db, GUESS, limits(email));
  if (person === undefined) await refuseEarly(ctx, of);
  const { right } = await checkPassword(password, person?.passwordHash ?? null);
  if (person === undefined || !right) throw await refused(ctx, of, person?.id ?? null);
  await inTransaction(ctx.db, async (trx) => {
    await run(trx, SUCCEED, [person.id, person.passwordHash]);
    await run(trx, CONFIRM, [digest(token)]);
    await note(trx, 'admins.confirm', person.id, clientAddress);
  });
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
    FROM admin_sessions s WHERE s.administrator_id = $1 AND ${LIVE} ORDER BY s.last_seen_at DESC LIMIT 100`,
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

/** Ends the session at once; a token that opens nothing is no error. */
export async function signOut(ctx: Context, token: string, clientAddress: string | null): Promise<void> {
  await inTransaction(ctx.db, async (trx) => {
    const [closed] = await run<{ id: string }>(trx, CLOSE, [digest(token)]);
    if (closed !== undefined) await note(trx, 'admins.sign_out', closed.id, clientAddress);
  });
}

const from = (clientAddress: string | null) => (clientAddress === null ? {} : { clientAddress });
const limits = (email: string) => [email, FREE_GUESSES, LONGEST_WAIT_SECONDS];
const note = (trx: Trx, action: string, id: string | null, clientAddress: string | null) =>
  audit(trx, { actor: id === null ? 'stranger' : `admin:${id}`, clientAddress, action, subject: id });

/** No row was counted: either somebody must wait, or there is nobody, who then waits just the same. */
async function refuseEarly(
  ctx: Context,
  { email, clientAddress }: Pick<Login, 'email' | 'clientAddress'>,
): Promise<void> {
  const [known] = await runAlone<{ waitMs: number }>(ctx.db, WAIT, limits(email));
  const waitMs = known === undefined ? strangers(ctx).guess(email) : Math.max(known.waitMs, 1);
  if (waitMs <= 0) return;
  ctx.log.security(
    { event: 'sign_in_throttled', waitMs: Math.ceil(waitMs), ...from(clientAddress) },
    'a sign-in came too soon',
  );
  const seconds = Math.ceil(waitMs / 1000);
  throw new RateLimited(`Too many wrong attempts. Try again in ${seconds} second${seconds === 1 ? '' : 's'}.`, waitMs);
}

async function refused(
  ctx: Context,
  { clientAddress }: Pick<Login, 'clientAddress'>,
  id: string | null,
): Promise<Unauthenticated> {
  await inTransaction(ctx.db, (trx) => note(trx, 'admins.sign_in_refused', id, clientAddress));
  const who = id === null ? {} : { administratorId: id };
  ctx.log.security({ event: 'sign_in_refused', ...who, ...from(clientAddress) }, 'a sign-in was refused');
  return new Unauthenticated('The e-mail address or the password is not right.', 'sign_in_refused');
}

/** Wrong guesses at addresses nobody has, counted by the same rule, so that waiting does not tell who exists. */
const strangers = perContext(() => {
  const guesses = new Map<string, { count: number; at: number }>();
  return {
    /** Milliseconds to wait; 0 when the guess may be made, which counts it. */
    guess(email: string): number {
      const now = performance.now();
      const { count, at } = guesses.get(email) ?? { count: 0, at: now };
      const pauseMs = count < FREE_GUESSES ? 0 : Math.min(2 ** (count - FREE_GUESSES), LONGEST_WAIT_SECONDS) * 1000;
      if (at + pauseMs > now) return at + pauseMs - now;
      if (guesses.size >= MOST_STRANGERS) guesses.clear();
      guesses.set(email, { count: count + 1, at: now });
      return 0;
    },
  };
});
