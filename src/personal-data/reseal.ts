// Rotating DATA_ENCRYPTION_KEY: everything sealed is sealed anew under the newest key, while the service runs.
import type { Db } from '../db/knex.ts';
import type { Vault } from '../vault.ts';
import { retireOtherKeys } from './data-keys.ts';
import { SEALED_TABLES, type SealedTable } from './sealed-columns.ts';

const ROWS_AT_ONCE = 500;
/** A pass that still finds something was overtaken by a process that seals with another key. */
const PASSES = 5;

type Row = Readonly<Record<string, Buffer | string | null>>;

export interface Resealing {
  /** The id of the key that opens everything now. */
  readonly key: string;
  /** How many values were sealed anew, by table. */
  readonly resealed: Readonly<Record<string, number>>;
  /** Keys that nothing needs any more: they may leave DATA_ENCRYPTION_KEY. Empty while some process still seals with another key. */
  readonly retired: readonly string[];
}

/**
 * Goes through every sealed column in batches, each a commit of its own: cut short, it is simply run again and passes over what is
 * done. A value that changes meanwhile is left for the next pass. Raises InvariantBroken when a value opens with no configured key.
 */
export async function resealEverything(
  db: Db,
  vault: Vault,
  onProgress: (table: string, looked: number) => void = () => {},
): Promise<Resealing> {
  const resealed = Object.fromEntries(SEALED_TABLES.map(({ table }) => [table, 0]));
  for (let pass = 1; pass <= PASSES; pass += 1) {
    let found = 0;
    for (const of of SEALED_TABLES) {
      const changed = await resealTable(db, vault, of, (looked) => onProgress(of.table, looked));
      resealed[of.table] = (resealed[of.table] ?? 0) + changed;
      found += changed;
    }
    if (found === 0) return { key: vault.keyIds[0], resealed, retired: await retireOtherKeys(db, vault) };
  }
  return { key: vault.keyIds[0], resealed, retired: [] };
}

async function resealTable(db: Db, vault: Vault, of: SealedTable, onPage: (looked: number) => void): Promise<number> {
  const columns = [...of.key, ...of.sealed].join(', ');
  const key = `(${of.key.join(', ')})`;
  const places = `(${of.key.map(() => '?').join(', ')})`;
  let after: readonly string[] = of.key.map(() => '');
  let looked = 0;
  let changed = 0;
  for (;;) {
    const { rows } = await db.raw<{ rows: Row[] }>(
      `SELECT ${columns} FROM ${of.table} WHERE ${key} > ${places} ORDER BY ${of.key.join(', ')} LIMIT ${ROWS_AT_ONCE}`,
      [...after],
    );
    const last = rows.at(-1);
    if (last === undefined) return changed;
    for (const [index, column] of of.sealed.entries())
      changed += await resealColumn(db, vault, of, { column, rows, derived: index === 0 ? of.derived : undefined });
    after = of.key.map((name) => String(last[name]));
    looked += rows.length;
    onPage(looked);
  }
}

/** Writes a value only where the old one still stands: what was erased or written anew meanwhile stays as it is. */
async function resealColumn(
  db: Db,
  vault: Vault,
  of: SealedTable,
  { column, rows, derived }: { column: string; rows: readonly Row[]; derived: SealedTable['derived'] | undefined },
): Promise<number> {
  const stale = rows.flatMap((row) => {
    const before = row[column];
    return Buffer.isBuffer(before) && !vault.isCurrent(before) ? [{ row, before }] : [];
  });
  if (stale.length === 0) return 0;
  const prints = stale.map(({ before }) => derived?.from(vault, before) ?? []);
  const values: [name: string, type: string, values: readonly unknown[]][] = [
    ...of.key.map((name) => [name, 'text[]', stale.map(({ row }) => row[name])] satisfies [string, string, unknown[]]),
    ['old_value', 'bytea[]', stale.map(({ before }) => before)],
    ['new_value', 'bytea[]', stale.map(({ before }) => vault.seal(vault.open(before)))],
    ...(derived?.columns ?? []).map(
      (name, at) => [name, 'bytea[]', prints.map((each) => each[at] ?? null)] satisfies [string, string, unknown[]],
    ),
  ];
  const sets = [`${column} = v.new_value`, ...(derived?.columns ?? []).map((name) => `${name} = v.${name}`)];
  const same = of.key.map((name) => `t.${name} = v.${name}`);
  same.push(`t.${column} = v.old_value`);
  const { rowCount } = await db.raw<{ rowCount: number }>(
    `UPDATE ${of.table} t SET ${sets.join(', ')}
     FROM unnest(${values.map(([, type]) => `?::${type}`).join(', ')}) AS v(${values.map(([name]) => name).join(', ')})
     WHERE ${same.join(' AND ')}`,
    values.map(([, , each]) => each as never),
  );
  return rowCount;
}
