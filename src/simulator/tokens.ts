// Access tokens: issued against client id and secret, checked on every other call, revocable.
import { Refusal, type Reply } from './reply.ts';
import type { Seed } from './seed.ts';
import type { Settings } from './switches.ts';

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  /** A fixed bearer token that is always good, besides issued ones. */
  readonly apiKey: string | null;
}

export class Tokens {
  readonly #credentials: Credentials;
  readonly #seed: Seed;
  readonly #now: () => number;
  readonly #live = new Map<string, number>();
  #issued = 0;

  constructor(credentials: Credentials, seed: Seed, now: () => number) {
    this.#credentials = credentials;
    this.#seed = seed;
    this.#now = now;
  }

  /** The answer to `GET /auth/token`, which has no envelope. */
  issue(settings: Settings, clientId: unknown, clientSecret: unknown): Reply {
    if (clientId !== this.#credentials.clientId || clientSecret !== this.#credentials.clientSecret) {
      throw new Refusal(401, 'invalid client credentials');
    }
    this.#issued += 1;
    const token = this.#seed.hex(40, 'token', this.#issued);
    const expiresMs = this.#now() + settings['token.ttlMs'];
    this.#live.set(token, expiresMs);
    const expires = settings['token.omitExpires'] ? {} : { expires: new Date(expiresMs).toISOString() };
    return { status: 200, body: { status: 200, token, ...expires } };
  }

  /** Whether an Authorization header opens the door. */
  accepts(authorization: string | undefined): boolean {
    if (authorization === undefined || !authorization.startsWith('Bearer ')) return false;
    const token = authorization.slice(7);
    const expiresMs = this.#live.get(token);
    if (expiresMs !== undefined && this.#now() < expiresMs) return true;
    if (expiresMs !== undefined) this.#live.delete(token);
    return this.#credentials.apiKey !== null && token === this.#credentials.apiKey;
  }

  /** Makes every issued token unknown; returns how many there were. */
  revokeAll(): number {
    const count = this.#live.size;
    this.#live.clear();
    return count;
  }
}
