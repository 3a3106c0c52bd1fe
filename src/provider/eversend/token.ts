// The access token: fetched with our credentials, renewed ahead of its end, by one caller for all who need it.
import { z } from 'zod';
import type { Cache } from '../../cache/cache.ts';
import type { Config } from '../../config.ts';
import type { Logger } from '../../logger.ts';
import type { Answer, Client } from './client.ts';
import { optionalText, readJson, wordsOf } from './messages.ts';
import type { Problems } from './problems.ts';
import { readRetryAfter } from './retry-after.ts';
import { createSharedToken, type HeldToken } from './shared-token.ts';

export interface Token {
  readonly value: string;
  /** What the provider stated; null when it stated nothing. */
  readonly expiresAt: Date | null;
}

/** Why there is no token. Nothing was sent with it, so whatever needed it may be tried again. */
export class NoToken extends Error {
  readonly code: 'unauthenticated' | 'unreachable' | 'rate_limited';
  readonly retryAfterMs: number | null;
  constructor(code: NoToken['code'], message: string, retryAfterMs: number | null = null) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface Tokens {
  /** The current token. Raises NoToken. */
  current(): Promise<Token>;
  /** Another token than the refused one: whatever others have fetched meanwhile, else a fresh one. Raises NoToken. */
  renew(refused: string): Promise<Token>;
}

/** How long a token is trusted when the provider states no expiry: observed lifetimes start at 26 minutes. */
const UNSTATED_LIFETIME_MS = 25 * 60_000;
/** A fixed key stands in for this long before the token endpoint is asked again. */
const FIXED_KEY_LIFETIME_MS = 60_000;
/** A failure answers everybody for this long, so that a token endpoint in trouble is not stormed. */
const FAILURE_MEMORY_MS = 1000;

const stated = z.object({ token: optionalText, expires: optionalText });
const message = stated.extend({ data: stated.nullish().catch(null) });

type TokenConfig = Pick<
  Config,
  'EVERSEND_CLIENT_ID' | 'EVERSEND_CLIENT_SECRET' | 'EVERSEND_API_KEY' | 'EVERSEND_ORIGIN' | 'TOKEN_REFRESH_AHEAD_MS'
> &
  Parameters<typeof createSharedToken>[0]['config'];

export function createTokens(of: {
  config: TokenConfig;
  cache: Cache;
  client: Client;
  problems: Problems;
  log: Logger;
}): Tokens {
  const { config, client, problems, log } = of;
  const { EVERSEND_CLIENT_ID: clientId, EVERSEND_CLIENT_SECRET: clientSecret, EVERSEND_API_KEY: fixedKey } = config;
  const shared = createSharedToken(of);
  let held: HeldToken | null = null;
  let fetching: Promise<HeldToken> | null = null;
  let failure: { readonly error: NoToken; readonly until: number } | null = null;

  function once(refused: string | null): Promise<HeldToken> {
    if (failure !== null && failure.until > performance.now()) return Promise.reject(failure.error);
    fetching ??= obtain(refused)
      .then((token) => {
        failure = null;
        held = token;
        return token;
      })
      .catch((error: unknown) => {
        if (error instanceof NoToken) {
          failure = { error, until: performance.now() + Math.max(FAILURE_MEMORY_MS, error.retryAfterMs ?? 0) };
        }
        throw error;
      })
      .finally(() => {
        fetching = null;
      });
    return fetching;
  }

  async function obtain(refused: string | null): Promise<HeldToken> {
    if (clientId === undefined || clientSecret === undefined) return fixed(refused, 'EVERSEND_API_KEY was refused.');
    try {
      return await shared.find(refused, () => fetchToken(clientId, clientSecret));
    } catch (error) {
      if (!(error instanceof NoToken) || error.code !== 'unauthenticated') throw error;
      problems.report('auth', error.message);
      return fixed(refused, error.message);
    }
  }

  async function fetchToken(id: string, secret: string): Promise<HeldToken> {
    const origin = config.EVERSEND_ORIGIN === undefined ? {} : { origin: config.EVERSEND_ORIGIN };
    const headers = { accept: 'application/json', clientId: id, clientSecret: secret, ...origin };
    const answer = await client.exchange({ method: 'GET', path: '/auth/token', headers });
    if (answer.kind !== 'answered') throw new NoToken('unreachable', `No token: ${answer.message}.`);
    const { status } = answer;
    log.debug({ method: 'GET', path: '/auth/token', status }, 'The provider was asked for a token.');
    const token = readToken(answer);
    if (token !== null) {
      problems.worked('auth');
      return token;
    }
    if (status === 429 || status === 425) {
      throw new NoToken('rate_limited', 'No token: too many calls.', readRetryAfter(answer.retryAfter, answer.at));
    }
    if (status >= 400 && status < 500 && status !== 408) {
      log.error({ path: '/auth/token', status }, 'The provider refuses our credentials.');
      const words = wordsOf(readJson(answer.text)) || 'no reason given';
      throw new NoToken('unauthenticated', `The token endpoint answered ${status}: ${words}.`);
    }
    throw new NoToken('unreachable', `No token: the token endpoint answered ${status}.`);
  }

  function readToken(answer: Answer): HeldToken | null {
    const parsed = message.safeParse(readJson(answer.text));
    if (answer.status < 200 || answer.status > 299 || !parsed.success) return null;
    const value = parsed.data.token ?? parsed.data.data?.token ?? '';
    if (!/^[\x21-\x7e]{1,4096}$/.test(value)) return null;
    const end = new Date(parsed.data.expires ?? parsed.data.data?.expires ?? Number.NaN);
    const expiresAt = Number.isNaN(end.getTime()) ? null : end;
    const lifetime = expiresAt === null ? UNSTATED_LIFETIME_MS : Math.max(0, expiresAt.getTime() - answer.at.getTime());
    // A token that lives shorter than the usual head start is renewed at half its life.
    const ahead = Math.min(config.TOKEN_REFRESH_AHEAD_MS, lifetime / 2);
    const now = performance.now();
    return { value, expiresAt, renewAt: now + lifetime - ahead, endAt: now + lifetime };
  }

  /** EVERSEND_API_KEY, where there are no credentials for the token endpoint or it refuses them. */
  function fixed(refused: string | null, why: string): HeldToken {
    if (fixedKey === undefined || fixedKey === refused) {
      problems.report('auth', why);
      throw new NoToken('unauthenticated', why);
    }
    const endAt = performance.now() + FIXED_KEY_LIFETIME_MS;
    return { value: fixedKey, expiresAt: null, renewAt: endAt, endAt };
  }

  return {
    async current() {
      const now = performance.now();
      const token = held;
      if (token !== null && now < token.renewAt) return token;
      const next = once(null);
      if (token === null || now >= token.endAt) return next;
      // Still good: nobody waits for its successor, and a failed renewal is tried again by a later call.
      next.catch((error) => log.warn({ error }, 'The provider token could not be renewed ahead of its end.'));
      return token;
    },
    async renew(refused) {
      if (held?.value === refused) held = null;
      if (held !== null && performance.now() < held.endAt) return held;
      const token = await once(refused);
      // It joined a fetch that did not know of the refusal and found the refused token once more.
      return token.value === refused ? once(refused) : token;
    },
  };
}
