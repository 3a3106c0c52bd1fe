// Dual control: how much money of a currency one person may move alone within 24 hours.
import type { Db, Trx } from '../../db/knex.ts';
import { run, runAlone } from '../../db/knex.ts';
import { NotFound, StaleState } from '../../errors.ts';

/** Money by currency, in hundredths. */
export type Amounts = ReadonlyMap<string, bigint>;

const READ = {
  name: 'read_dual_control_limits',
  text: `
    SELECT l.currency, l.above_minor AS "aboveMinor", coalesce((
        SELECT sum((a.detail->'alone'->>l.currency)::bigint) FROM audit_log a
        WHERE a.actor = $2 AND jsonb_exists(a.detail, 'alone') AND a.at > now() - interval '24 hours'
      ), 0)::bigint AS "aloneMinor"
    FROM dual_control_limits l WHERE l.currency = ANY($1)`,
};
/** In the order of their names, so that two who move several currencies meet in the same order. */
const LOCK = {
  name: 'lock_dual_control_limits',
  text: 'SELECT currency FROM dual_control_limits WHERE currency = ANY($1) ORDER BY currency FOR UPDATE',
};

interface Standing {
  readonly currency: string;
  /** Null: no limit. */
  readonly aboveMinor: bigint | null;
  /** What this person has moved alone within the last 24 hours. */
  readonly aloneMinor: bigint;
}

/** Money that somebody wants to move, and whether that is free where nobody has set a limit. */
export interface Wanted {
  readonly actor: string;
  readonly moves: Amounts;
  /** Only where a limit says up to where; absent: also where there is none. */
  readonly needsLimit?: boolean | undefined;
}

function isBeyond({ moves, needsLimit = false }: Wanted, standings: readonly Standing[]): boolean {
  const known = new Map(standings.map((one) => [one.currency, one]));
  return [...moves].some(([currency, minor]) => {
    const { aboveMinor = null, aloneMinor = 0n } = known.get(currency) ?? {};
    return aboveMinor === null ? needsLimit : aloneMinor + minor > aboveMinor;
  });
}

/** Whether moving this takes a second person, together with what this one has moved alone within 24 hours. */
export async function takesSecond(db: Db, wanted: Wanted): Promise<boolean> {
  const { actor, moves } = wanted;
  return moves.size > 0 && isBeyond(wanted, await runAlone<Standing>(db, READ, [[...moves.keys()], actor]));
}

/** The same where it is written, one after the other. Raises StaleState when something moved meanwhile has used the limit up. */
export async function insistOnLimit(trx: Trx, wanted: Wanted): Promise<void> {
  const { actor, moves } = wanted;
  if (moves.size === 0) return;
  const currencies = [...moves.keys()];
  await run(trx, LOCK, [currencies]);
  if (isBeyond(wanted, await run<Standing>(trx, READ, [currencies, actor])))
    throw new StaleState('It takes a second person now: look at it again, and propose it.');
}

const ONE = {
  name: 'read_dual_control_limit',
  text: 'SELECT above_minor AS "aboveMinor" FROM dual_control_limits WHERE currency = $1',
};

/** Null: none. */
export async function dualControlLimit(db: Db, currency: string): Promise<bigint | null> {
  const [row] = await runAlone<{ aboveMinor: bigint | null }>(db, ONE, [currency]);
  return row?.aboveMinor ?? null;
}

const SET = {
  name: 'set_dual_control_limit',
  text: `UPDATE dual_control_limits SET above_minor = $2, updated_at = now(), updated_by = $3
    WHERE currency = $1 AND above_minor IS NOT DISTINCT FROM $4 RETURNING 1`,
};

/** Puts a limit in the place of `from`. Raises StaleState when it is another one by now. */
export async function setDualControlLimit(
  trx: Trx,
  of: {
    readonly currency: string;
    readonly from: bigint | null;
    readonly to: bigint | null;
    readonly actor: string;
  },
): Promise<void> {
  const { currency, from, to, actor } = of;
  const text = (minor: bigint | null) => minor?.toString() ?? null;
  if ((await run(trx, SET, [currency, text(to), actor, text(from)])).length > 0) return;
  if ((await run(trx, LOCK, [[currency]])).length === 0) throw new NotFound(`There is no currency ${currency}.`);
  throw new StaleState('Somebody has changed the limit meanwhile. Look at it again.');
}
