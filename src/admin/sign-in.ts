// Signing in, at a growing price for wrong guesses: the password, the code of a second factor, and both again before what is sensitive.
import { type Context, perContext } from '../context.ts';
import { inTransaction, run, runAlone } from '../db/knex.ts';
import { RateLimited, Unauthenticated } from '../errors.ts';
import { checkPassword, hashPassword } from './password.ts';
import { spendCode } from './second-factor.ts';
import { findHalfSession, markConfirmed, note, type Origin, openSession } from './session.ts';

/** Wrong guesses that cost nothing; from then on each waits twice as long as the one before, and never longer than this: nobody is locked out. */
const FREE_GUESSES = 5;
const LONGEST_WAIT_SECONDS = 30;
/** Addresses nobody has are remembered only as far as it takes to treat them like real ones. */
const MOST_STRANGERS = 10_000;

interface Person {
  readonly id: string;
  readonly passwordHash: string;
  /** Null without a second factor. */
  readonly totpSealed: Buffer | null;
}

// The guess is counted before it is looked at, so that a thousand at once are counted like a thousand one after the other.
const GUESS = {
  name: 'guess_password',
  text: `
    UPDATE administrators SET failed_logins = failed_logins + 1, last_failed_at = now()
    WHERE email = $1 AND disabled_at IS NULL
      AND (failed_logins < $2 OR last_failed_at + least(2 ^ least(failed_logins - $2, 20), $3) * interval '1 second' <= now())
    RETURNING id, password_hash AS "passwordHash", CASE WHEN totp_since IS NOT NULL THEN totp_sealed END AS "totpSealed"`,
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
  text: 'UPDATE administrators SET failed_logins = 0, last_failed_at = NULL WHERE id = $1',
};
const REHASH = {
  name: 'rehash_password',
  text: 'UPDATE administrators SET password_hash = $2 WHERE id = $1 AND password_hash = $3',
};

type Guess = Pick<Origin, 'clientAddress'> & { readonly email: string };

/**
 * Takes the password and gives the new session's token; with `needsCode` the session opens nothing until `enterCode`. Raises
 * Unauthenticated, the same for an unknown address, a disabled person and a wrong password, and RateLimited after too many wrong
 * guesses; both are security events.
 */
export async function signIn(
  ctx: Context,
  login: Origin & Guess & { readonly password: string },
): Promise<{ readonly token: string; readonly needsCode: boolean }> {
  const { password } = login;
  const { person, outdated } = await checkedPerson(ctx, login, password);
  const needsCode = person.totpSealed !== null;
  const fresh = outdated ? await hashPassword(password) : null;
  const token = await inTransaction(ctx.db, async (trx) => {
    if (fresh !== null) await run(trx, REHASH, [person.id, fresh, person.passwordHash]);
    // With a second factor the count goes on: whoever has only the password must not guess codes for nothing.
    if (!needsCode) await run(trx, SUCCEED, [person.id]);
    if (!needsCode) await note(trx, 'admins.sign_in', person.id, login.clientAddress);
    return openSession(trx, { ...login, administratorId: person.id, needsCode });
  });
  if (!needsCode) signedIn(ctx, person.id, login);
  return { token, needsCode };
}

/** The second step of a sign-in: gives the token of a new, whole session. Raises what `signIn` raises. */
export async function enterCode(
  ctx: Context,
  of: Origin & { readonly token: string; readonly code: string },
): Promise<string> {
  const half = await findHalfSession(ctx, of.token);
  if (half === null) throw new Unauthenticated('That took too long. Sign in again.', 'signed_out');
  const guess = { email: half.email, clientAddress: of.clientAddress };
  const person = await counted(ctx, guess);
  const token = await inTransaction(ctx.db, async (trx) => {
    const sealed = person?.totpSealed ?? null;
    if (
      person === null ||
      sealed === null ||
      !(await spendCode(trx, ctx.vault, { id: person.id, sealed, code: of.code }))
    )
      return null;
    await run(trx, SUCCEED, [person.id]);
    await note(trx, 'admins.sign_in', person.id, of.clientAddress);
    return openSession(trx, { ...of, former: of.token, administratorId: person.id, needsCode: false });
  });
  if (token === null || person === null) throw await refused(ctx, guess, person?.id ?? null, WRONG_CODE);
  signedIn(ctx, person.id, of);
  return token;
}

/** Whoever is signed in proves again to be there, by password, and code where there is a second factor. Raises what `signIn` raises. */
export async function confirmSession(
  ctx: Context,
  of: Guess & { readonly token: string; readonly password: string; readonly code: string },
): Promise<void> {
  const { person } = await checkedPerson(ctx, of, of.password);
  const isRight = await inTransaction(ctx.db, async (trx) => {
    const sealed = person.totpSealed;
    if (sealed !== null && !(await spendCode(trx, ctx.vault, { id: person.id, sealed, code: of.code }))) return false;
    await run(trx, SUCCEED, [person.id]);
    await markConfirmed(trx, of.token);
    await note(trx, 'admins.confirm', person.id, of.clientAddress);
    return true;
  });
  if (!isRight) throw await refused(ctx, of, person.id, WRONG_CODE);
}

const WRONG_PASSWORD = 'The e-mail address or the password is not right.';
const WRONG_CODE = 'The code is not right, or was used already. Wait for the next one.';

const CHANGE = {
  name: 'change_own_password',
  text: `UPDATE administrators SET password_hash = $2, must_change_password = false, failed_logins = 0, last_failed_at = NULL,
    updated_at = now() WHERE id = $1 AND password_hash = $3 RETURNING id`,
};
const END_ALL = { name: 'end_admin_sessions', text: 'DELETE FROM admin_sessions WHERE administrator_id = $1' };

/** A new password for whoever knows the old one: every session ends, and a new one begins, whose token this gives. Raises what `signIn` raises. */
export async function changePassword(
  ctx: Context,
  of: Origin & Guess & { readonly password: string; readonly chosen: string },
): Promise<string> {
  const { person } = await checkedPerson(ctx, of, of.password);
  const passwordHash = await hashPassword(of.chosen);
  const token = await inTransaction(ctx.db, async (trx) => {
    if ((await run(trx, CHANGE, [person.id, passwordHash, person.passwordHash])).length === 0) return null;
    await run(trx, END_ALL, [person.id]);
    await note(trx, 'admins.password', person.id, of.clientAddress);
    // The password alone stands in for no code: what is sensitive asks for both again.
    const isProved = person.totpSealed === null;
    return openSession(trx, { ...of, administratorId: person.id, needsCode: false, isProved });
  });
  if (token === null) throw await refused(ctx, of, person.id, WRONG_PASSWORD);
  return token;
}

async function checkedPerson(
  ctx: Context,
  guess: Guess,
  password: string,
): Promise<{ person: Person; outdated: boolean }> {
  const person = await counted(ctx, guess);
  const { right, outdated } = await checkPassword(password, person?.passwordHash ?? null);
  if (person === null || !right) throw await refused(ctx, guess, person?.id ?? null, WRONG_PASSWORD);
  return { person, outdated };
}

/** Counts the guess; null when there is nobody by that address. Raises RateLimited when it comes too soon. */
async function counted(ctx: Context, guess: Guess): Promise<Person | null> {
  const [person] = await runAlone<Person>(ctx.db, GUESS, limits(guess.email));
  if (person === undefined) await refuseEarly(ctx, guess);
  return person ?? null;
}

const from = (clientAddress: string | null) => (clientAddress === null ? {} : { clientAddress });
const limits = (email: string) => [email, FREE_GUESSES, LONGEST_WAIT_SECONDS];

function signedIn(ctx: Context, administratorId: string, { clientAddress }: Pick<Origin, 'clientAddress'>): void {
  ctx.log.security({ event: 'signed_in', administratorId, ...from(clientAddress) }, 'an administrator signed in');
}

/** No row was counted: either somebody must wait, or there is nobody, who then waits just the same. */
async function refuseEarly(ctx: Context, { email, clientAddress }: Guess): Promise<void> {
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
  { clientAddress }: Guess,
  id: string | null,
  why: string,
): Promise<Unauthenticated> {
  await inTransaction(ctx.db, (trx) => note(trx, 'admins.sign_in_refused', id, clientAddress));
  const who = id === null ? {} : { administratorId: id };
  ctx.log.security({ event: 'sign_in_refused', ...who, ...from(clientAddress) }, 'a sign-in was refused');
  return new Unauthenticated(why, 'sign_in_refused');
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
