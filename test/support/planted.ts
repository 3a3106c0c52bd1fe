// Text planted in every column that could hold it, from the database's own catalogue: what merchants, payers, the provider and
// operators can make appear, and whatever else no constraint keeps it out of.
import { type Db, openDatabase } from '../../src/db/knex.ts';
import { SEALED_TABLES } from '../../src/personal-data/sealed-columns.ts';
import type { World } from './world.ts';

/** Columns that only the service itself fills, with the names and words it goes by; each with why nobody else's text gets there. */
const OURS: Readonly<Record<string, string>> = {
  'transaction_history.from_state': 'a state, written by the trigger of the move',
  'transaction_history.to_state': 'a state, written by the trigger of the move',
  'proposals.panel': 'a panel, taken from the list of panels',
  'proposals.action': 'an action, taken from the list of actions',
  'proposals.subject': 'the id of a row that was read',
  'proposals.proposed_by': 'the id of whoever was signed in',
  'proposals.decided_by': 'the id of whoever was signed in',
  'proposals.moves': 'sums, as numbers',
  'schema_migrations.name': 'a file of ours',
};
/** Names of rows are made by us, and have the form that their table demands; the provider's are not ours. */
const isOurs = (column: string) =>
  column in OURS || (/\.(id|[a-z_]+_id|rotated_from|refund_of)$/.test(column) && !column.includes('provider_'));
/** Opened by nobody but the program that uses them. */
const SECRET = /(secret|previous|totp|otp)_sealed$/;

export interface Planted {
  /** `table.column` of all that hold it now. */
  readonly columns: readonly string[];
  /** The others, with what kept it out. */
  readonly refused: ReadonlyMap<string, string>;
}

/** `texts` of a column, longest first: the first that the column takes stays, in each of its rows. */
export async function plantEverywhere(world: World, texts: (column: string) => readonly string[]): Promise<Planted> {
  const owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 1, role: null, onError: () => {} });
  try {
    return await plant(world, owner, texts);
  } finally {
    await owner.destroy();
  }
}

async function plant(world: World, owner: Db, texts: (column: string) => readonly string[]): Promise<Planted> {
  const { rows: all } = await owner.raw<{ rows: { at: string; in: string; type: string }[] }>(`
    SELECT c.table_name AS "in", c.column_name AS at, c.udt_name AS type
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.udt_name IN ('text', 'varchar', 'bpchar', '_text', 'json', 'jsonb')
    ORDER BY 1, 2`);
  const columns: string[] = [];
  const refused = new Map<string, string>();
  for (const { in: table, at, type } of all) {
    const column = `${table}.${at}`;
    if (isOurs(column)) continue;
    const problems: string[] = [];
    for (const text of texts(column)) {
      const problem = await tryOne(owner, { table, at, type, text });
      if (problem === null) break;
      problems.push(problem);
    }
    if (problems.length < texts(column).length) columns.push(column);
    else refused.set(column, problems.at(-1) ?? '');
  }
  for (const { table, sealed } of SEALED_TABLES)
    for (const at of sealed.filter((one) => !SECRET.test(one))) {
      const column = `${table}.${at}`;
      const [text = ''] = texts(column);
      for (const row of await owner(table).select('*', owner.raw('ctid::text AS place')).whereNotNull(at)) {
        const value = world.vault.open(row[at]);
        await owner.raw(`UPDATE ${table} SET ${at} = ? WHERE ctid = ?::tid`, [
          world.vault.seal(within(value, text)),
          row.place,
        ]);
      }
      columns.push(column);
    }
  return { columns, refused };
}

/** Null when it is in; the constraint that it broke, or what else the database said. */
async function tryOne(
  owner: Db,
  of: { table: string; at: string; type: string; text: string },
): Promise<string | null> {
  const { table, at, type, text } = of;
  const trx = await owner.transaction();
  try {
    // No trigger stands in the way: whoever wrote this wrote it when the row was made.
    await trx.raw('SET LOCAL session_replication_role = replica');
    if (type.startsWith('json')) {
      for (const { place, value } of await trx(table)
        .select(trx.raw('ctid::text AS place'), `${at} AS value`)
        .whereNotNull(at))
        await trx.raw(`UPDATE ${table} SET ${at} = ? WHERE ctid = ?::tid`, [
          JSON.stringify(leaves(value, text)),
          place,
        ]);
    } else {
      // Different in each row, for what has to be.
      const value = type === '_text' ? 'ARRAY[? || md5(ctid::text)]' : '? || left(md5(ctid::text), 6)';
      const isEmpty = `${at} IS NULL`;
      const { rowCount } = await trx.raw(`UPDATE ${table} SET ${at} = ${value} WHERE NOT (${isEmpty})`, [text]);
      // What is null may have to be; where it may be text, it is.
      await trx.raw('SAVEPOINT nulls');
      const filled = await trx
        .raw(`UPDATE ${table} SET ${at} = ${value} WHERE ${isEmpty}`, [text])
        .catch((error: Error) => error);
      if (filled instanceof Error) await trx.raw('ROLLBACK TO SAVEPOINT nulls');
      if (rowCount === 0 && filled instanceof Error) throw filled;
      if (rowCount === 0 && filled.rowCount === 0) throw new Error('no row');
    }
    await trx.commit();
    return null;
  } catch (error) {
    await trx.rollback();
    const { constraint, message } = error as { constraint?: string; message: string };
    return constraint ?? message;
  }
}

/** The same JSON with the text in place of every text, and once more as a name where there are names. */
function leaves(value: unknown, text: string): unknown {
  if (typeof value === 'string') return text;
  if (Array.isArray(value)) return value.length === 0 ? [text] : value.map((one) => leaves(one, text));
  if (typeof value !== 'object' || value === null) return value;
  return { ...Object.fromEntries(Object.entries(value).map(([name, one]) => [name, leaves(one, text)])), [text]: text };
}

/** What was sealed: JSON stays JSON. */
function within(value: string, text: string): string {
  try {
    return JSON.stringify(leaves(JSON.parse(value), text));
  } catch {
    return text;
  }
}
