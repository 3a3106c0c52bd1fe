// Quotation tokens: HS256 JWTs that carry the quotation, its expiry and a number that can be used once.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from './reply.ts';
import type { World } from './world.ts';

export interface Claims {
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');

/**
 * Signs what a quotation carries for `ttlMs`; `key` names what was quoted. Long-lived tokens end on a full second, like the documented ones; short-lived ones (tests
 * in compressed time) keep their milliseconds, because an expiry that is stated must be the one that is enforced.
 */
export function signToken(world: World, key: string, carried: object, ttlMs: number) {
  const now = world.now();
  // The seed's share tells quotations of one moment apart; the moment keeps a restarted simulator from repeating itself.
  const number = world.faults.count('quotation', key);
  const jti = `${world.seed.below(2 ** 53, 'quotation', key).toString(36)}-${number}-${now.toString(36)}`;
  const expiresMs = ttlMs >= 10_000 ? Math.floor((now + ttlMs) / 1000) * 1000 : now + ttlMs;
  const claims = { ...carried, jti, iat: Math.floor(now / 1000), exp: expiresMs / 1000 };
  const signed = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  const expires = new Date(expiresMs).toISOString().replace(/(\.000)?Z$/, '+00:00');
  return { token: `${signed}.${signature(world, signed).toString('base64url')}`, expires };
}

/** The claims of a token that we signed. Raises Refusal 400 for anything else; says nothing about expiry or use. */
export function readToken<Carried>(world: World, token: string): Claims & Carried {
  const [header, payload, given, more] = token.split('.');
  if (header === HEADER && payload !== undefined && given !== undefined && more === undefined) {
    const bytes = Buffer.from(given, 'base64url');
    const expected = signature(world, `${header}.${payload}`);
    if (bytes.length === expected.length && timingSafeEqual(bytes, expected)) {
      return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims & Carried;
    }
  }
  throw new Refusal(400, 'invalid quotation token');
}

/** Raises Refusal 400 when the token was used or has expired, as far as the switches care. */
export function checkUsable(world: World, claims: Claims): void {
  const { settings } = world.faults;
  if (settings.enforce_single_use && world.book.index.isUsed(claims.jti)) {
    throw new Refusal(400, 'token already used');
  }
  if (settings.enforce_token_expiry && world.now() >= claims.exp * 1000) throw new Refusal(400, 'token expired');
}

function signature(world: World, signed: string): Buffer {
  return createHmac('sha256', world.quotationKey).update(signed).digest();
}
