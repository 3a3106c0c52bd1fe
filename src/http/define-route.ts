// One route, declared once: what is mounted and what the description says are made from the same value, so they cannot differ.
import type { z } from 'zod';
import type { Context } from '../context.ts';
import type { Limit } from '../limits/limit.ts';
import type { AddressLimit, MerchantLimit } from '../limits/limits.ts';
import type { Scope } from '../merchants/api-key.ts';
import type { Caller, IdempotentRequest } from '../transactions/accept.ts';

/** An answer as its final text, JSON unless it says otherwise. `replayed` marks the stored answer of a repetition. */
export interface Reply {
  readonly status: number;
  /** A stream is read as fast as the caller takes it. */
  readonly body: string | ReadableStream<Uint8Array>;
  readonly replayed?: boolean;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(status: number, value: unknown): Reply & { readonly body: string } {
  return { status, body: JSON.stringify(value) };
}

/** What a handler is given: everything is parsed, and the caller may do this. */
export interface RouteRequest<P, Q, B, Authenticated, Idempotent> {
  readonly ctx: Context;
  readonly caller: Authenticated extends true ? Caller : null;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The body's bytes and declared type, for routes with a `rawLimit`; empty for all others. */
  readonly raw: Buffer;
  readonly contentType: string;
  /** For routes that create something: the key and the request's fingerprint. */
  readonly idempotent: Idempotent extends true ? IdempotentRequest : null;
  readonly clientAddress: string | null;
  header(name: string): string | undefined;
  /** Counts the request against one more limit. Raises RateLimited. */
  spend(limit: Limit, subject: string): void | Promise<void>;
}

interface Documented {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Left out, it is put together from the examples of the schema's parts. */
  readonly example?: unknown;
  /** Of the answer; JSON unless said otherwise. */
  readonly contentType?: string;
}

/** What a raw body may be, by its media type. */
export type Bodies = Readonly<
  Record<
    string,
    { readonly schema: z.ZodType; readonly examples?: Readonly<Record<string, { summary: string; value: unknown }>> }
  >
>;

interface Declaration {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Under BASE_PATH, parameters in braces. */
  readonly path: `/${string}`;
  /** Its name in the description, and so the method of whoever generates a client: callers rely on it once it is out. */
  readonly operationId: string;
  readonly tag:
    | 'Collections'
    | 'Payouts'
    | 'Beneficiaries'
    | 'Transactions'
    | 'Wallets'
    | 'Earnings'
    | 'Events'
    | 'Personal data'
    | 'API keys'
    | 'Provider'
    | 'Operation';
  readonly summary: string;
  readonly description?: string;
  /** The answers it gives when all is well; refusals are the same everywhere and added by the description. */
  readonly responses: Readonly<Record<number, Documented>>;
  readonly examples?: Readonly<Record<string, { summary: string; value: unknown }>>;
  /** Refusals of this route beside the usual ones, by status. */
  readonly refusals?: Readonly<Record<number, { code: string; description: string }>>;
}

export interface RouteOf<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  S extends Scope | null,
  I extends boolean,
> extends Declaration {
  /** What the API key must be allowed to do; null for a public route. */
  readonly scope: S;
  /** What it counts as: of its merchant where a key is needed (beside the key and the address), else of the client's address. */
  readonly limit: S extends null ? AddressLimit : MerchantLimit;
  /** Path parameters as they are documented; a handler answers unknown values with 404. */
  readonly params?: P;
  readonly query?: Q & z.ZodObject;
  readonly body?: B & z.ZodObject;
  /** Takes the body as raw bytes up to this many, whatever its type; `bodies` describes what the handler makes of it. */
  readonly rawLimit?: number;
  readonly bodies?: Bodies;
  /** Needs an Idempotency-Key. */
  readonly idempotent?: I;
  handler(
    request: RouteRequest<z.output<P>, z.output<Q>, z.output<B>, S extends null ? false : true, I>,
  ): Promise<Reply> | Reply;
}

/** A route with its inner types forgotten: what mounting and describing need. */
export interface Route extends Declaration {
  readonly scope: Scope | null;
  readonly limit: AddressLimit | MerchantLimit;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  readonly rawLimit?: number;
  readonly bodies?: Bodies;
  readonly idempotent?: boolean;
  handler(request: RouteRequest<unknown, unknown, unknown, boolean, boolean>): Promise<Reply> | Reply;
}

/** Declares a route; the handler's types follow from its schemas, its scope and whether it is idempotent. */
export function defineRoute<
  P extends z.ZodType = z.ZodObject<Record<never, never>>,
  Q extends z.ZodType = z.ZodObject<Record<never, never>>,
  B extends z.ZodType = z.ZodUndefined,
  S extends Scope | null = null,
  const I extends boolean = false,
>(route: RouteOf<P, Q, B, S, I>): Route {
  return route as unknown as Route;
}
