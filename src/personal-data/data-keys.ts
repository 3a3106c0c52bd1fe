// The register of keys that have sealed data, by their ids: what a start compares DATA_ENCRYPTION_KEY with.
import type { Db } from '../db/knex.ts';
import type { Vault } from '../vault.ts';

/** Transactions and beneficiaries, whose ids grow with time: the last of each kind is its newest. */
const NEWEST = `
  SELECT n.sealed FROM unnest(ARRAY['be', 'co', 'po']) AS kind(prefix), LATERAL (
    SELECT sealed FROM personal_data
    WHERE subject_id >= kind.prefix AND subject_id < kind.prefix || '~' AND sealed IS NOT NULL
    ORDER BY subject_id DESC LIMIT 1) AS n`;

const NEEDED = 'SELECT id FROM data_keys WHERE retired_at IS NULL AND NOT id = ANY(?) ORDER BY first_used_at';
const ENTER = `
  INSERT INTO data_keys (id) VALUES (?)
  ON CONFLICT (id) DO UPDATE SET retired_at = NULL WHERE data_keys.retired_at IS NOT NULL`;

/**
 * A sentence when stored data could not be opened with the configured keys; else null, and the key that seals is entered, so that
 * no later start can do without it.
 */
export async function dataKeyProblem(db: Db, vault: Vault): Promise<string | null> {
  const { rows: needed } = await db.raw<{ rows: { id: string }[] }>(NEEDED, [[...vault.keyIds]]);
  const { rows: newest } = await db.raw<{ rows: { sealed: Buffer }[] }>(NEWEST);
  const opens = newest.every(({ sealed }) => opensWith(vault, sealed));
  if (needed.length > 0 || !opens) {
    const which = needed.length > 0 ? ` (it lacks the key ${needed.map(({ id }) => id).join(', ')})` : '';
    return `DATA_ENCRYPTION_KEY does not open the personal data in this database${which}: add the key that sealed it, after a comma. A key may be taken out only after \`cli personal-data rotate\`.`;
  }
  await db.raw(ENTER, [vault.keyIds[0]]);
  return null;
}

function opensWith(vault: Vault, sealed: Buffer): boolean {
  try {
    vault.open(sealed);
    return true;
  } catch {
    return false;
  }
}

/** Enters the newest key and marks all others as needed no more. Gives the ids of those. */
export async function retireOtherKeys(db: Db, vault: Vault): Promise<readonly string[]> {
  await db.raw(ENTER, [vault.keyIds[0]]);
  await db.raw('UPDATE data_keys SET retired_at = now() WHERE id <> ? AND retired_at IS NULL', [vault.keyIds[0]]);
  const { rows } = await db.raw<{ rows: { id: string }[] }>('SELECT id FROM data_keys WHERE retired_at IS NOT NULL');
  return rows.map(({ id }) => id);
}
