// What the operators' console needs: indexes behind its lists, and second factors, invitations and confirmations of its people.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Lists across merchants, newest first. Every list walks one of these or a primary key, whose ids begin with their time; nothing is
    -- sorted. They ascend, and are read backwards: what comes last then goes to the right end, where Postgres appends to full pages and
    -- remembers the place; at the left end it splits pages in halves.
    -- The states that are rare, and looked for. A payment that goes well never enters this index.
    CREATE INDEX transactions_aside ON transactions (state, created_at, id)
      WHERE state IN ('awaiting_approval', 'in_review', 'failed', 'cancelled', 'reversed');
    CREATE INDEX earnings_by_time ON earnings (earned_at, transaction_id, kind, step);
    CREATE INDEX cases_open ON cases (id) WHERE resolved_at IS NULL;
    CREATE INDEX cases_of_transaction ON cases (transaction_id) WHERE transaction_id IS NOT NULL;
    CREATE INDEX audit_log_by_time ON audit_log (at, id);
    CREATE INDEX audit_log_by_subject ON audit_log (subject, at, id) WHERE subject IS NOT NULL;

    -- The second factor: a shared secret, sealed like personal data; the last time step that was used (no code counts twice); and
    -- digests of recovery codes, each good for one sign-in. It counts from when its owner has shown to have it.
    ALTER TABLE administrators
      ADD COLUMN totp_sealed bytea,
      ADD COLUMN totp_since timestamptz,
      ADD COLUMN totp_last_step bigint NOT NULL DEFAULT 0,
      ADD COLUMN recovery_hashes bytea[] NOT NULL DEFAULT '{}',
      -- A link by which its owner chooses a password, once; only its digest is kept.
      ADD COLUMN invitation_hash bytea UNIQUE CHECK (octet_length(invitation_hash) = 32),
      ADD COLUMN invitation_ends_at timestamptz,
      -- A password that somebody else has seen: nothing can be done with it but to choose another.
      ADD COLUMN must_change_password boolean NOT NULL DEFAULT false,
      ADD CONSTRAINT invitation_ends CHECK ((invitation_hash IS NULL) = (invitation_ends_at IS NULL)),
      ADD CONSTRAINT second_factor_has_a_secret CHECK (totp_since IS NULL OR totp_sealed IS NOT NULL);

    -- needs_code: the password was right and the code is still missing; such a session opens nothing else.
    -- confirmed_at: when its owner last proved to be there, by signing in or by confirming a sensitive action.
    ALTER TABLE admin_sessions
      ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
      ADD COLUMN needs_code boolean NOT NULL DEFAULT false,
      ADD COLUMN confirmed_at timestamptz NOT NULL DEFAULT now(),
      ADD COLUMN user_agent text CHECK (length(user_agent) <= 200);
    CREATE INDEX admin_sessions_of_administrator ON admin_sessions (administrator_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX admin_sessions_of_administrator;
    ALTER TABLE admin_sessions DROP COLUMN id, DROP COLUMN needs_code, DROP COLUMN confirmed_at, DROP COLUMN user_agent;
    ALTER TABLE administrators DROP COLUMN totp_sealed, DROP COLUMN totp_since, DROP COLUMN totp_last_step, DROP COLUMN recovery_hashes,
      DROP COLUMN invitation_hash, DROP COLUMN invitation_ends_at, DROP COLUMN must_change_password;
    DROP INDEX transactions_aside, earnings_by_time, cases_open, cases_of_transaction, audit_log_by_time,
      audit_log_by_subject;
  `);
}
