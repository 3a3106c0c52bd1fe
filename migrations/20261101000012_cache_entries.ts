// The shared cache where there is no Redis: the provider token, short locks, rate counters.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Unlogged: losing all of it in a crash costs speed, never money.
    CREATE UNLOGGED TABLE cache_entries (
      key text COLLATE "C" PRIMARY KEY,
      value text,
      expires_at timestamptz,
      next_at timestamptz
    );
    GRANT SELECT, INSERT, UPDATE, DELETE ON cache_entries TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE cache_entries`);
}
