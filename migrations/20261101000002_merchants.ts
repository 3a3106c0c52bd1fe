// Merchants, the API keys by which their programs are known, and their wallets with two ledger accounts each.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whoever calls our API.
    CREATE TABLE merchants (
      id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^me[0-9A-Z]{26}$'),
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );

    -- One way in for one program of a merchant. The key itself is shown once; only its SHA-256 is kept (it has 190 random bits).
    CREATE TABLE api_keys (
      id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^ak[0-9A-Z]{26}$'),
      merchant_id text COLLATE "C" NOT NULL REFERENCES merchants,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
      environment text NOT NULL CHECK (environment IN ('live', 'test')),
      key_hash bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
      last_four text NOT NULL CHECK (length(last_four) = 4),
      scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
      allowed_addresses cidr[] NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz,
      revoked_at timestamptz,
      -- A key and what it was rotated into are one key for whoever counts hands: they share a lineage, the id of the first of them.
      lineage_id text COLLATE "C" NOT NULL,
      rotated_from text COLLATE "C" REFERENCES api_keys,
      last_used_at timestamptz,
      last_used_address inet,
      CONSTRAINT first_of_its_lineage CHECK ((rotated_from IS NULL) = (lineage_id = id))
    );
    CREATE INDEX api_keys_of_merchant ON api_keys (merchant_id, id DESC);
    -- Two successors of one key at once would be two keys.
    CREATE UNIQUE INDEX api_keys_one_successor ON api_keys (rotated_from) WHERE revoked_at IS NULL;

    -- One owner's money in one currency. The owner is the merchant itself ('') or the merchant's own customer.
    CREATE TABLE wallets (
      id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^wa[0-9A-Z]{26}$'),
      merchant_id text COLLATE "C" NOT NULL REFERENCES merchants,
      owner text COLLATE "C" NOT NULL DEFAULT '' CHECK (owner ~ '^[\\x21-\\x7e]{0,64}$'),
      currency text COLLATE "C" NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
      frozen_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (merchant_id, owner, currency)
    );

    GRANT SELECT, INSERT, UPDATE ON merchants, api_keys TO eversend_app;
    GRANT SELECT, UPDATE (frozen_at, updated_at) ON wallets TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE wallets, api_keys, merchants`);
}
