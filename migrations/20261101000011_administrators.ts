// Administrators and their sessions: people who may enter /admin.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A person with a role. The password is kept as scrypt parameters, salt and hash.
    CREATE TABLE administrators (
      id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^ad[0-9A-Z]{26}$'),
      email text NOT NULL UNIQUE CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
      role text NOT NULL CHECK (role IN ('viewer', 'operator', 'approver', 'administrator')),
      password_hash text NOT NULL,
      failed_logins integer NOT NULL DEFAULT 0,
      last_failed_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      disabled_at timestamptz
    );

    -- One signed-in browser. Only the hash of the cookie's random value is kept.
    CREATE TABLE admin_sessions (
      token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
      administrator_id text COLLATE "C" NOT NULL REFERENCES administrators,
      client_address inet,
      created_at timestamptz NOT NULL DEFAULT now(),
      last_seen_at timestamptz NOT NULL DEFAULT now()
    );

    GRANT SELECT, INSERT, UPDATE ON administrators TO eversend_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON admin_sessions TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE admin_sessions, administrators`);
}
