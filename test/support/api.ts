// The HTTP application in this process, with a world behind it, a key to call it with, and a short way to do so.
import { randomBytes } from 'node:crypto';
import { createApp } from '../../src/app.ts';
import type { Cache } from '../../src/cache/cache.ts';
import { createLogger, type Logger } from '../../src/logger.ts';
import { createApiKey, type NewApiKey } from '../../src/merchants/api-key.ts';
import { createMerchant } from '../../src/merchants/merchant.ts';
import { createWorld, type World } from './world.ts';

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Looked at field by field; a wrong shape fails the test. */
  readonly json: ReturnType<typeof JSON.parse>;
}

export interface CallOptions {
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
  /** Sent as it is; objects are serialised. */
  readonly body?: unknown;
  /** False leaves the Idempotency-Key out; a text is sent as it is. */
  readonly idempotencyKey?: string | false;
  readonly from?: string;
}

export interface Api {
  readonly world: World;
  readonly app: ReturnType<typeof createApp>;
  /** A key of the world's merchant with every scope. */
  readonly secret: string;
  /** What was logged, line by line. */
  readonly lines: Record<string, unknown>[];
  call(method: string, path: string, of?: CallOptions): Promise<Answered>;
  get(path: string, of?: CallOptions): Promise<Answered>;
  post(path: string, body: unknown, of?: CallOptions): Promise<Answered>;
  key(of?: Partial<NewApiKey>): Promise<string>;
  /** Another merchant with a key of its own. */
  stranger(): Promise<{ merchantId: string; secret: string }>;
  /** How many rows each table of payments holds: a refused request leaves all as they were. */
  rows(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

const TABLES = ['transactions', 'idempotency_keys', 'journal_entries', 'personal_data', 'wallets', 'webhook_events'];

/** `cache` stands in for the world's own, which knows this process only. `beside` is another process on the same world, with the same key. */
export async function openApi(
  of: { env?: Record<string, string>; cache?: (world: World, log: Logger) => Cache; beside?: Api } = {},
): Promise<Api> {
  const world = of.beside?.world ?? (await createWorld(of));
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('debug', { write: (line) => void lines.push(JSON.parse(line)) });
  const ctx = { ...world, log, ...(of.cache === undefined ? {} : { cache: of.cache(world, log) }) };
  const app = createApp(ctx);
  const base = world.config.BASE_PATH;
  const key = async (more: Partial<NewApiKey> = {}) =>
    (await createApiKey(world.db, { merchantId: world.merchantId, name: 'test', environment: 'test', ...more })).secret;
  const secret = of.beside?.secret ?? (await key());

  const call = async (method: string, path: string, more: CallOptions = {}): Promise<Answered> => {
    const headers = new Headers();
    const given = more.key === undefined ? secret : more.key;
    if (given !== null) headers.set('authorization', `Bearer ${given}`);
    if (method === 'POST' && more.idempotencyKey !== false)
      headers.set('idempotency-key', more.idempotencyKey ?? randomBytes(12).toString('hex'));
    const { body } = more;
    const raw = typeof body === 'string' || body instanceof Uint8Array || body === undefined;
    if (body !== undefined) headers.set('content-type', 'application/json');
    for (const [name, value] of Object.entries(more.headers ?? {})) headers.set(name, value);
    const init = {
      method,
      headers,
      ...(body === undefined ? {} : { body: (raw ? body : JSON.stringify(body)) as string }),
    };
    const env = { incoming: { socket: { remoteAddress: more.from ?? '198.51.100.7' } } };
    const response = await app.request(base + path, init, env);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson && text !== '' ? JSON.parse(text) : null,
    };
  };

  return {
    world,
    app,
    secret,
    lines,
    call,
    get: (path, more) => call('GET', path, more),
    post: (path, body, more) => call('POST', path, { ...more, body }),
    key,
    async stranger() {
      const { id: merchantId } = await createMerchant(world.db, { name: 'Stranger' });
      return { merchantId, secret: await key({ merchantId }) };
    },
    async rows() {
      const counted = await Promise.all(TABLES.map((table) => world.db(table).count('* as n')));
      return Object.fromEntries(TABLES.map((table, index) => [table, Number(counted[index]?.[0]?.['n'])]));
    },
    async close() {
      await ctx.cache.close();
      if (of.beside === undefined) await world.close();
    },
  };
}

export { BANK_PAYOUT, COLLECTION, PAYOUT } from './requests.ts';
