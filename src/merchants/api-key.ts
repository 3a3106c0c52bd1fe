// API keys: how a merchant's programs are known. A key is shown once, stored as its SHA-256, and dead within a second of its revocation.
import { randomInt } from 'node:crypto';
import { inRanges, readRange } from '../address-range.ts';
import { type Context, perContext } from '../context.ts';
import { BaseModel } from '../db/base-model.ts';
import { type Db, runAlone, type Trx } from '../db/knex.ts';
import { InvalidRequest, NotFound } from '../errors.ts';
import { newId } from '../ids.ts';
import { cleanName, NAME_LENGTH } from '../names.ts';
import { digest } from '../vault.ts';

export const SCOPES = [
  'collections:write',
  'collections:read',
  'payouts:write',
  'payouts:read',
  'payouts:approve',
  'beneficiaries:write',
  'beneficiaries:read',
  'transactions:read',
  'wallets:read',
  'earnings:read',
  'keys:read',
  'keys:write',
  'personal_data:erase',
  'provider:token',
  'webhooks:write',
  'webhooks:read',
  'events:read',
] as const;
export type Scope = (typeof SCOPES)[number];

/**
 * Given only to a key that is made for it: approving is a second pair of eyes, the others go beyond payments, and the provider's token
 * past all of our own checks.
 */
const ON_REQUEST: ReadonlySet<Scope> = new Set([
  'payouts:approve',
  'keys:read',
  'keys:write',
  'personal_data:erase',
  'provider:token',
]);
export const DEFAULT_SCOPES: readonly Scope[] = SCOPES.filter((scope) => !ON_REQUEST.has(scope));

export class ApiKey extends BaseModel {
  static override tableName = 'api_keys';
  declare id: string;
  declare merchantId: string;
  declare name: string;
  declare environment: 'live' | 'test';
  declare keyHash: Buffer;
  declare lastFour: string;
  declare scopes: Scope[];
  /** CIDR ranges; empty: from anywhere. */
  declare allowedAddresses: string[];
  declare createdAt: Date;
  declare updatedAt: Date;
  declare expiresAt: Date | null;
  declare revokedAt: Date | null;
  /** The id of the first key of which this one is a rotation, its own when it is none: equal for keys that are one key. */
  declare lineageId: string;
  declare rotatedFrom: string | null;
  /** To the minute, and some seconds late. */
  declare lastUsedAt: Date | null;
  declare lastUsedAddress: string | null;

  /** Addresses come back as text only when asked for as text. */
  static whole(db: Db | Trx) {
    return ApiKey.query(db).select(
      '*',
      ApiKey.raw('allowed_addresses::text[] AS allowed_addresses, host(last_used_address) AS last_used_address'),
    );
  }
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_LENGTH = 32;
const FORM = /^ek_(live|test)_[0-9A-Za-z]{32}$/;

export interface NewApiKey {
  readonly merchantId: string;
  readonly name: string;
  readonly environment: 'live' | 'test';
  /** DEFAULT_SCOPES, unless said otherwise. */
  readonly scopes?: readonly Scope[];
  readonly expiresAt?: Date | null;
  /** Addresses or CIDR ranges from which the key may be used; none: from anywhere. */
  readonly allowedAddresses?: readonly string[];
  /** The key it takes the place of. */
  readonly rotates?: Pick<ApiKey, 'id' | 'lineageId'>;
}

/** Makes a key; `secret` is the only time it can be read. Raises InvalidRequest naming the wrong field. */
export async function createApiKey(db: Db | Trx, of: NewApiKey): Promise<{ apiKey: ApiKey; secret: string }> {
  const name = cleanName(of.name);
  const scopes = [...new Set(of.scopes ?? DEFAULT_SCOPES)];
  const allowedAddresses = of.allowedAddresses ?? [];
  if (name === null)
    throw InvalidRequest.field('name', 'invalid_name', `Give a name of 1 to ${NAME_LENGTH} visible characters.`);
  if (scopes.length === 0 || !scopes.every((scope) => SCOPES.includes(scope)))
    throw InvalidRequest.field('scopes', 'unknown_scope', `Give one or more of ${SCOPES.join(', ')}.`);
  if (of.expiresAt && of.expiresAt.getTime() <= Date.now())
    throw InvalidRequest.field('expiresAt', 'not_in_future', 'Give an expiry that is still to come.');
  if (!allowedAddresses.every((range) => readRange(range) !== null))
    throw InvalidRequest.field(
      'allowedAddresses',
      'not_an_address',
      'Give IP addresses or ranges such as 203.0.113.0/24 or 2001:db8::/32.',
    );
  const letters = Array.from({ length: SECRET_LENGTH }, () => BASE62[randomInt(BASE62.length)]);
  const secret = `ek_${of.environment}_${letters.join('')}`;
  const id = newId('apiKey');
  await ApiKey.query(db).insert({
    id,
    lineageId: of.rotates?.lineageId ?? id,
    rotatedFrom: of.rotates?.id ?? null,
    merchantId: of.merchantId,
    name,
    environment: of.environment,
    keyHash: digest(secret),
    lastFour: secret.slice(-4),
    scopes,
    // Postgres refuses a range whose address has bits beyond its prefix; whoever writes 10.1.2.3/8 means 10.0.0.0/8.
    allowedAddresses: db.raw('ARRAY(SELECT network(r::inet) FROM unnest(?::text[]) AS r)', [[...allowedAddresses]]),
    expiresAt: of.expiresAt ?? null,
  } as never);
  return { apiKey: await ApiKey.whole(db).findById(id).throwIfNotFound(), secret };
}

/** Revokes a key for good. False when it was revoked already. Raises NotFound. */
export async function revokeApiKey(db: Db | Trx, id: string): Promise<boolean> {
  const now = db.fn.now();
  const revoked = await ApiKey.query(db)
    .patch({ revokedAt: now, updatedAt: now } as never)
    .where('id', id)
    .whereNull('revoked_at');
  if (revoked > 0) return true;
  if ((await ApiKey.query(db).findById(id)) === undefined) throw new NotFound('There is no such API key.');
  return false;
}

/** A key that may be used now. */
export interface KnownKey {
  readonly id: string;
  readonly merchantId: string;
  readonly scopes: ReadonlySet<string>;
  /** Whether the key may be used from that address; an unknown one passes only where no range is set. */
  allows(clientAddress: string | null): boolean;
}

interface Row {
  readonly id: string;
  readonly merchantId: string;
  readonly scopes: string[];
  readonly allowedAddresses: string[];
  readonly expiresAt: Date | null;
}

const FIND = {
  name: 'find_api_key',
  text: `
    SELECT id, merchant_id AS "merchantId", scopes, allowed_addresses::text[] AS "allowedAddresses", expires_at AS "expiresAt"
    FROM api_keys WHERE key_hash = $1 AND environment = $2 AND revoked_at IS NULL`,
};

/** A revoked key must be refused within a second, so nothing is believed for longer; counted from before the row was read. */
const CACHE_MS = 900;
/** Unknown keys are remembered too (a guess costs no more than a hit), so the memory they take has to have an end. */
const CACHE_ENTRIES = 10_000;

interface Cached {
  readonly readAt: number;
  readonly key: Promise<(KnownKey & { expiresAt: Date | null }) | null>;
}

/** By the secret itself, which the request that brought it has in memory anyway. */
const cacheOf = perContext(() => new Map<string, Cached>());

/**
 * The key with that secret; null when it is not of this deployment's environment, unknown, revoked or expired, which a caller
 * cannot tell apart. Raises what the database raises.
 */
export async function findApiKey(ctx: Context, secret: string): Promise<KnownKey | null> {
  if (FORM.exec(secret)?.[1] !== ctx.config.API_ENVIRONMENT) return null;
  const cache = cacheOf(ctx);
  let cached = cache.get(secret);
  if (cached === undefined || performance.now() - cached.readAt > CACHE_MS) {
    if (cache.size >= CACHE_ENTRIES) cache.clear();
    cached = { readAt: performance.now(), key: read(ctx, digest(secret)) };
    cache.set(secret, cached);
    cached.key.catch(() => cache.delete(secret));
  }
  const key = await cached.key;
  return key === null || (key.expiresAt !== null && key.expiresAt.getTime() <= Date.now()) ? null : key;
}

async function read(ctx: Context, hash: Buffer) {
  const [row] = await runAlone<Row>(ctx.db, FIND, [hash, ctx.config.API_ENVIRONMENT]);
  if (row === undefined) return null;
  const { id, merchantId, expiresAt } = row;
  return { id, merchantId, expiresAt, scopes: new Set(row.scopes), allows: inRanges(row.allowedAddresses) };
}
