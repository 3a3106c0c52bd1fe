// The application role: every pool switches to it, and what it may not do (rewrite money, history or audit) nobody in the product can.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    DO $$ BEGIN
      CREATE ROLE eversend_app NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$;
    GRANT eversend_app TO CURRENT_USER;
    GRANT USAGE ON SCHEMA public TO eversend_app;
    -- Readiness asks whether the database is as new as the code.
    GRANT SELECT ON schema_migrations TO eversend_app;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  `);
}

// The role itself stays: roles belong to the whole server, and another database of ours may be using it.
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`REVOKE USAGE ON SCHEMA public FROM eversend_app`);
}
