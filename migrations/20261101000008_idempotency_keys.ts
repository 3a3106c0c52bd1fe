// Idempotency keys: which request of which merchant was answered how, in the very commit that did what it asked.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Kept 30 days. The answer, and the hash of the request it answers, tell of a person, so they are sealed like the rest of it.
    CREATE DOMAIN idempotency_key AS text COLLATE "C" CHECK (octet_length(VALUE) BETWEEN 16 AND 128);
    CREATE DOMAIN success AS smallint CHECK (VALUE BETWEEN 200 AND 299);
    CREATE TABLE idempotency_keys (
      merchant_id text COLLATE "C" NOT NULL,
      route text COLLATE "C" NOT NULL,
      key idempotency_key NOT NULL,
      -- What the request made: tells the request that took the key from its twins.
      subject_id text COLLATE "C" NOT NULL,
      status success NOT NULL,
      answer bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (merchant_id, route, key)
    );
    CREATE INDEX idempotency_keys_by_age ON idempotency_keys USING brin (created_at);
    GRANT SELECT, INSERT, DELETE, UPDATE (answer) ON idempotency_keys TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE idempotency_keys; DROP DOMAIN idempotency_key, success`);
}
