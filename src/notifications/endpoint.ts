// Webhook endpoints: where a merchant wants to be told of what, and the changes a merchant makes to them.
import { type Actor, audit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { BaseModel } from '../db/base-model.ts';
import { type Db, inTransaction, run, type Trx } from '../db/knex.ts';
import { NotFound, Refused } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Caller } from '../transactions/accept.ts';
import { newSecret } from './endpoint-secret.ts';

export const MAX_ENDPOINTS = 16;

export class Endpoint extends BaseModel {
  static override tableName = 'webhook_endpoints';
  declare id: string;
  declare merchantId: string;
  declare url: string;
  declare description: string | null;
  /** Types, or whole kinds of them (`payout.*`); null: all. */
  declare types: string[] | null;
  declare status: 'enabled' | 'disabled' | 'deleted';
  /** `merchant`: by the merchant itself. `gone`: it answered 410. `no_success`: it took nothing for too long. */
  declare disabledReason: 'merchant' | 'gone' | 'no_success' | null;
  declare disabledAt: Date | null;
  /** Null once it is deleted. */
  declare secretSealed: Buffer | null;
  declare previousSealed: Buffer | null;
  declare previousUntil: Date | null;
  declare failingSince: Date | null;
  declare lastSuccessAt: Date | null;
  declare createdAt: Date;
  declare updatedAt: Date;
}

/** An endpoint as its merchant sees it; the secret is never among it. */
export function viewEndpoint(endpoint: Endpoint) {
  return {
    id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description,
    types: endpoint.types,
    status: endpoint.status,
    disabledReason: endpoint.disabledReason,
    disabledAt: endpoint.disabledAt?.toISOString() ?? null,
    previousSecretUntil: endpoint.previousUntil?.toISOString() ?? null,
    failingSince: endpoint.failingSince?.toISOString() ?? null,
    lastSuccessAt: endpoint.lastSuccessAt?.toISOString() ?? null,
    createdAt: endpoint.createdAt.toISOString(),
    updatedAt: endpoint.updatedAt.toISOString(),
  };
}

const mine = (db: Db | Trx, merchantId: string) =>
  Endpoint.query(db).where('merchant_id', merchantId).whereNot('status', 'deleted');

/** A merchant's endpoint. Raises NotFound: what belongs to another merchant, or was deleted, is not there. */
export async function findEndpoint(db: Db | Trx, merchantId: string, id: string): Promise<Endpoint> {
  const endpoint = await mine(db, merchantId).findOne({ id });
  if (endpoint === undefined) throw new NotFound();
  return endpoint;
}

/** Up to `limit` of a merchant's endpoints, in the order of their making, after the one with id `after`. */
export function listEndpoints(
  db: Db,
  of: { merchantId: string; after?: string | undefined; limit: number },
): Promise<Endpoint[]> {
  return mine(db, of.merchantId)
    .where('id', '>', of.after ?? '')
    .orderBy('id')
    .limit(of.limit)
    .execute();
}

export interface NewEndpoint {
  readonly url: string;
  readonly description: string | null;
  readonly types: readonly string[] | null;
}

// Endpoints of one merchant are made one after the other, so that they can be counted.
const ONE_BY_ONE = {
  name: 'lock_endpoints',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('webhook_endpoints ' || $1, 0))`,
};

/** An operator who acts for a merchant, and says why. */
export interface Deputy extends Actor {
  readonly merchantId: string;
  readonly reason: string;
}
export type Keeper = Caller | Deputy;

/** Whoever changes an endpoint, as the audit log names them. */
export function deedOf(by: Keeper): Actor & { readonly reason: string | null } {
  const { clientAddress } = by;
  return 'apiKeyId' in by
    ? { actor: `key:${by.apiKeyId}`, clientAddress, reason: null }
    : { actor: by.actor, clientAddress, reason: by.reason };
}

/** Makes an endpoint; `secret` is shown this once. Raises Refused `too_many_endpoints`. */
export async function createEndpoint(
  ctx: Context,
  trx: Trx,
  caller: Caller,
  of: NewEndpoint,
): Promise<{ endpoint: Endpoint; secret: string }> {
  await run(trx, ONE_BY_ONE, [caller.merchantId]);
  if ((await mine(trx, caller.merchantId).resultSize()) >= MAX_ENDPOINTS)
    throw new Refused(
      'too_many_endpoints',
      `There are ${MAX_ENDPOINTS} endpoints already. Delete one you no longer need.`,
    );
  const secret = newSecret();
  const endpoint = await Endpoint.query(trx).insertAndFetch({
    id: newId('webhookEndpoint'),
    merchantId: caller.merchantId,
    url: of.url,
    description: of.description,
    types: of.types === null ? null : [...of.types],
    secretSealed: ctx.vault.seal(secret),
  });
  await audit(trx, { ...deedOf(caller), action: 'webhook_endpoints.create', subject: endpoint.id });
  return { endpoint, secret };
}

/** Changes what is given; another address begins with a clean slate. Raises NotFound. */
export function changeEndpoint(
  ctx: Context,
  caller: Caller,
  id: string,
  change: Partial<NewEndpoint>,
): Promise<Endpoint> {
  return inTransaction(ctx.db, async (trx) => {
    await findEndpoint(trx, caller.merchantId, id);
    const fresh = change.url === undefined ? {} : { failures: 0, failingSince: null, blockedUntil: null };
    await mine(trx, caller.merchantId)
      .findById(id)
      .patch({ ...change, ...fresh, updatedAt: trx.fn.now() } as never);
    const detail = { changed: Object.keys(change) };
    await audit(trx, { ...deedOf(caller), action: 'webhook_endpoints.update', subject: id, detail });
    return findEndpoint(trx, caller.merchantId, id);
  });
}

/** Takes an endpoint away for good: nothing more is sent, and its secrets are forgotten. Raises NotFound. */
export function deleteEndpoint(ctx: Context, caller: Caller, id: string): Promise<void> {
  return inTransaction(ctx.db, async (trx) => {
    await findEndpoint(trx, caller.merchantId, id);
    const gone = {
      status: 'deleted',
      dueAt: null,
      disabledReason: null,
      disabledAt: null,
      secretSealed: null,
    };
    const forgotten = { previousSealed: null, previousUntil: null, updatedAt: trx.fn.now() };
    await Endpoint.query(trx)
      .findById(id)
      .patch({ ...gone, ...forgotten } as never);
    await audit(trx, { ...deedOf(caller), action: 'webhook_endpoints.delete', subject: id });
  });
}

/** Gives the endpoint a new secret, shown this once; the one before signs along for `overlapMs`. Raises NotFound. */
export async function rotateSecret(
  ctx: Context,
  trx: Trx,
  caller: Keeper,
  of: { id: string; overlapMs: number },
): Promise<{ endpoint: Endpoint; secret: string }> {
  await findEndpoint(trx, caller.merchantId, of.id);
  const secret = newSecret();
  await Endpoint.query(trx)
    .findById(of.id)
    .patch({
      previousSealed: trx.ref('secret_sealed'),
      previousUntil: trx.raw(`now() + ?::bigint * interval '1 millisecond'`, [of.overlapMs]),
      secretSealed: ctx.vault.seal(secret),
      updatedAt: trx.fn.now(),
    } as never);
  const detail = { overlapMs: of.overlapMs };
  await audit(trx, { ...deedOf(caller), action: 'webhook_endpoints.rotate', subject: of.id, detail });
  return { endpoint: await findEndpoint(trx, caller.merchantId, of.id), secret };
}
