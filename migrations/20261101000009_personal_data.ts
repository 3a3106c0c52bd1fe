// Personal data in a table of its own, encrypted, so that erasing a person touches no sum; and the beneficiaries it describes.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Who was paid, or paid: phone, names, account, e-mail, sealed under DATA_ENCRYPTION_KEY. The subject is a transaction or a
    -- beneficiary. Search goes through keyed hashes: of the whole phone or account number, and of its last four digits.
    CREATE TABLE personal_data (
      subject_id text COLLATE "C" PRIMARY KEY,
      merchant_id text COLLATE "C" NOT NULL,
      sealed bytea,
      otp_sealed bytea,
      account_hash digest,
      last_four_hash digest,
      stored_at timestamptz NOT NULL DEFAULT now(),
      -- Asked for while money still moved: erased as soon as its transaction has ended.
      erasure_asked_at timestamptz,
      erased_at timestamptz,
      CONSTRAINT erased_is_gone CHECK ((erased_at IS NULL) = (sealed IS NOT NULL)),
      CONSTRAINT erased_is_not_found CHECK (erased_at IS NULL OR (otp_sealed IS NULL AND account_hash IS NULL AND last_four_hash IS NULL))
    );
    -- Pins that wait for their payer's prompt, to be forgotten in time.
    CREATE INDEX personal_data_pins ON personal_data (subject_id) WHERE otp_sealed IS NOT NULL;
    -- By date within an account: approval limits ask what one account got within a day, however long it has been paid.
    CREATE INDEX personal_data_by_account ON personal_data (account_hash, stored_at) WHERE account_hash IS NOT NULL;
    CREATE INDEX personal_data_to_erase ON personal_data (subject_id) WHERE erasure_asked_at IS NOT NULL AND erased_at IS NULL;
    -- What was erased lately: an account that nobody can tell any more counts against every limit by account.
    CREATE INDEX personal_data_erased ON personal_data (merchant_id, stored_at) WHERE erased_at IS NOT NULL;
    CREATE INDEX personal_data_by_last_four ON personal_data (last_four_hash) WHERE last_four_hash IS NOT NULL;

    -- Whom a merchant pays, saved once and paid by id. Never changed: the id stands for one account for good. A deleted one keeps its
    -- row for the payouts that name it; the person behind it is erased.
    CREATE TABLE beneficiaries (
      id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^be[0-9A-Z]{26}$'),
      merchant_id text COLLATE "C" NOT NULL REFERENCES merchants,
      method text NOT NULL CHECK (method IN ('momo', 'bank', 'eversend')),
      country text CHECK (country ~ '^[A-Z]{2}$'),
      -- What it is known again by: bank and account number, or phone, e-mail or tag; sealed, and its keyed hash.
      account_sealed bytea,
      account_hash bytea CHECK (octet_length(account_hash) = 32),
      reference word,
      -- What the provider said of the account when it was last asked, and when that was.
      verification text CHECK (verification IN ('verified', 'name_mismatch', 'exists', 'not_found')),
      verified_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      deleted_at timestamptz,
      CONSTRAINT country_unless_eversend CHECK ((method = 'eversend') = (country IS NULL)),
      CONSTRAINT verified_at_a_time CHECK ((verification IS NULL) = (verified_at IS NULL)),
      CONSTRAINT deleted_is_not_found CHECK ((deleted_at IS NULL) = (account_hash IS NOT NULL) AND (account_hash IS NULL) = (account_sealed IS NULL))
    );
    -- The same person in two forms is one beneficiary.
    CREATE UNIQUE INDEX beneficiaries_one_per_account ON beneficiaries (merchant_id, method, coalesce(country, ''), account_hash)
      WHERE account_hash IS NOT NULL;
    CREATE INDEX beneficiaries_of_merchant ON beneficiaries (merchant_id, id DESC);
    CREATE TRIGGER kept_for_good BEFORE DELETE OR TRUNCATE OR UPDATE OF id, merchant_id ON beneficiaries FOR EACH STATEMENT EXECUTE FUNCTION kept_for_good();

    GRANT SELECT, INSERT, UPDATE ON personal_data, beneficiaries TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE beneficiaries, personal_data;
  `);
}
