// The audit log: every act of an operator or an administrative command, and every refused entry. Append-only.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Who did what to what, from where, and why. Detail holds ids, codes and amounts, never personal data or secrets.
    CREATE TABLE audit_log (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at timestamptz NOT NULL DEFAULT now(),
      actor text NOT NULL,
      action text NOT NULL CHECK (action ~ '^[a-z_]+\\.[a-z_]+$'),
      subject text,
      reason text CHECK (length(reason) <= 500),
      client_address inet,
      detail jsonb NOT NULL DEFAULT '{}'
    );
    GRANT SELECT, INSERT ON audit_log TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE audit_log`);
}
