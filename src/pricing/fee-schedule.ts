// Fee schedules: versioned tariffs, never changed once written; which one applies to a transaction.
import { type Context, perContext } from '../context.ts';
import { BaseModel } from '../db/base-model.ts';
import type { Db } from '../db/knex.ts';
import { InvalidRequest, InvariantBroken } from '../errors.ts';
import { newId } from '../ids.ts';
import { smallestUnitMinor } from '../money.ts';
import type { Method } from '../provider/provider.ts';

export class FeeSchedule extends BaseModel {
  static override tableName = 'fee_schedules';
  declare id: string;
  declare type: 'collection' | 'payout';
  /** Null scopes mean "any". */
  declare merchantId: string | null;
  declare method: Method | null;
  declare country: string | null;
  declare currency: string | null;
  declare version: number;
  /** `own`: our tariff, the provider's charge is our cost. `cost_plus`: the provider's charge plus our part, up to a ceiling. */
  declare basis: 'own' | 'cost_plus';
  /** Parts per million of the amount: 15000 is 1.5 %. */
  declare percentPpm: number;
  declare flatMinor: bigint;
  declare minimumMinor: bigint;
  declare maximumMinor: bigint | null;
  declare ceilingMinor: bigint | null;
  /** The partner's share of the fee, in parts per million. */
  declare commissionPpm: number;
  declare createdAt: Date;
  declare createdBy: string;
}

export type Tariff = Omit<FeeSchedule, keyof BaseModel>;

export interface Scope {
  readonly type: 'collection' | 'payout';
  readonly merchantId: string;
  readonly method: Method;
  readonly country: string | null;
  readonly currency: string;
}

const CACHE_MS = 2000;

const cached = perContext((ctx) => {
  let schedules: Promise<FeeSchedule[]> | undefined;
  let readAt = 0;
  return () => {
    if (schedules !== undefined && performance.now() - readAt < CACHE_MS) return schedules;
    readAt = performance.now();
    const fresh = FeeSchedule.query(ctx.db).execute();
    fresh.catch(() => {
      schedules = undefined;
    });
    schedules = fresh;
    return fresh;
  };
});

/** The current version of the most specific schedule that covers `scope`: merchant before country before method before currency. */
export async function scheduleFor(ctx: Context, scope: Scope): Promise<Tariff> {
  const found = choose(await cached(ctx)(), scope);
  if (found === null) throw new InvariantBroken(`no fee schedule covers ${scope.type}`);
  return found;
}

/** The pinned version, for recomputing a stored fee. */
export async function scheduleById(ctx: Context, id: string): Promise<Tariff> {
  const known = (await cached(ctx)()).find((schedule) => schedule.id === id);
  const found = known ?? (await FeeSchedule.query(ctx.db).findById(id));
  if (found === undefined) throw new InvariantBroken(`the fee schedule ${id} is gone`);
  return found;
}

export function choose(schedules: readonly Tariff[], scope: Scope): Tariff | null {
  const fits = <T>(wanted: T | null, given: T | null) => wanted === null || wanted === given;
  const weight = (s: Tariff) =>
    (s.merchantId ? 8 : 0) + (s.country ? 4 : 0) + (s.method ? 2 : 0) + (s.currency ? 1 : 0);
  return schedules
    .filter(
      (s) =>
        s.type === scope.type &&
        fits(s.merchantId, scope.merchantId) &&
        fits(s.method, scope.method) &&
        fits(s.country, scope.country) &&
        fits(s.currency, scope.currency),
    )
    .reduce<Tariff | null>((best, s) => {
      if (best === null || weight(s) > weight(best)) return s;
      return weight(s) === weight(best) && s.version > best.version ? s : best;
    }, null);
}

export interface NewSchedule {
  readonly type: 'collection' | 'payout';
  readonly merchantId?: string | null;
  readonly method?: Method | null;
  readonly country?: string | null;
  readonly currency?: string | null;
  readonly basis: 'own' | 'cost_plus';
  readonly percentPpm?: number;
  readonly flatMinor?: bigint;
  readonly minimumMinor?: bigint;
  readonly maximumMinor?: bigint | null;
  readonly ceilingMinor?: bigint | null;
  readonly commissionPpm?: number;
  readonly createdBy: string;
}

/**
 * Writes the next version of a scope's schedule; transactions keep the version they were accepted under.
 * Raises InvalidRequest when amounts have no currency, or are no whole smallest units of it.
 */
export async function addSchedule(db: Db, schedule: NewSchedule): Promise<FeeSchedule> {
  const { merchantId = null, method = null, country = null, currency = null } = schedule;
  for (const field of ['flatMinor', 'minimumMinor', 'maximumMinor', 'ceilingMinor'] as const) {
    const amount = schedule[field] ?? 0n;
    if (amount === 0n) continue;
    if (currency === null) throw InvalidRequest.field(field, 'needs_currency', `${field} needs a currency.`);
    if (amount % smallestUnitMinor(currency) !== 0n) {
      throw InvalidRequest.field(field, 'too_many_decimals', `${field} has more decimals than ${currency}.`);
    }
  }
  return db.transaction(async (trx) => {
    const scope = { type: schedule.type, merchantId, method, country, currency };
    const query = FeeSchedule.query(trx).where('type', schedule.type);
    for (const [column, value] of Object.entries({ merchant_id: merchantId, method, country, currency })) {
      if (value === null) query.whereNull(column);
      else query.where(column, value);
    }
    const previous = await query.orderBy('version', 'desc').first();
    return FeeSchedule.query(trx).insertAndFetch({
      ...scope,
      id: newId('feeSchedule'),
      version: (previous?.version ?? 0) + 1,
      basis: schedule.basis,
      percentPpm: schedule.percentPpm ?? 0,
      flatMinor: schedule.flatMinor ?? 0n,
      minimumMinor: schedule.minimumMinor ?? 0n,
      maximumMinor: schedule.maximumMinor ?? null,
      ceilingMinor: schedule.ceilingMinor ?? null,
      commissionPpm: schedule.commissionPpm ?? 0,
      createdBy: schedule.createdBy,
    });
  });
}
