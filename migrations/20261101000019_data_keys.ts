// Which keys have sealed data: a process without one of them must not start, and a rotation ends by retiring the others.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Keys are known by an id derived from them, which tells nothing about them. Each process enters the one it seals with.
    CREATE TABLE data_keys (
      id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[0-9a-f]{8}$'),
      first_used_at timestamptz NOT NULL DEFAULT now(),
      -- When a rotation found nothing left that only this key opens.
      retired_at timestamptz
    );
    GRANT SELECT, INSERT, UPDATE (retired_at) ON data_keys TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE data_keys`);
}
