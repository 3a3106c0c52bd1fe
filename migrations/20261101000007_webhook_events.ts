// The webhook inbox: every authentic provider callback as received, byte for byte, and whether it has been followed up.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Bytes, not jsonb: a signed body may hold anything, and a poison one must still be stored; sealed, since the provider may name
    -- a person in it, and null once that person was erased. The digest of the body alone is its identity. An event never moves money; it makes us look at the provider.
    CREATE TABLE webhook_events (
      id text COLLATE "C" PRIMARY KEY CHECK (octet_length(id) = 28 AND left(id, 2) = 'we'),
      digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
      body bytea,
      reference text COLLATE "C" CHECK (length(reference) <= 100),
      provider_transaction_id text COLLATE "C" CHECK (length(provider_transaction_id) <= 100),
      claimed_status text CHECK (length(claimed_status) <= 40),
      state text NOT NULL CHECK (state IN ('received', 'applied', 'unknown', 'unreadable')),
      client_address inet,
      received_at timestamptz NOT NULL DEFAULT now(),
      due_at timestamptz,
      generation integer NOT NULL DEFAULT 1,
      rung_at timestamptz DEFAULT now(),
      look_ups integer NOT NULL DEFAULT 0,
      applied_at timestamptz,
      CONSTRAINT due_while_received CHECK ((state = 'received') = (due_at IS NOT NULL)),
      CONSTRAINT applied_has_a_time CHECK ((state = 'received') = (applied_at IS NULL))
    );
    CREATE INDEX webhook_events_due ON webhook_events (rung_at NULLS FIRST, due_at) WHERE due_at IS NOT NULL;
    -- What the provider said about one transaction, by our id or by its own.
    CREATE INDEX webhook_events_by_reference ON webhook_events (reference) WHERE reference IS NOT NULL;
    CREATE INDEX webhook_events_by_provider_id ON webhook_events (provider_transaction_id) WHERE reference IS NULL AND provider_transaction_id IS NOT NULL;
    GRANT SELECT, INSERT ON webhook_events TO eversend_app;
    GRANT UPDATE (body, state, due_at, generation, rung_at, look_ups, applied_at) ON webhook_events TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE webhook_events`);
}
