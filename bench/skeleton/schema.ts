// The skeletons' database: accounts, payouts, transfers with two postings each, and one plpgsql function per step.
import pg from 'pg';

export const WALLETS = 100_000;
/** Several, so that the yardstick is not slowed down by one hot row. */
export const PROVIDER_ACCOUNTS = 16;

const SCHEMA = `
  CREATE TABLE accounts (
    id bigint PRIMARY KEY,
    balance bigint NOT NULL CHECK (balance >= 0),
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0)
  ) WITH (fillfactor = 70);
  INSERT INTO accounts (id, balance) SELECT n, 1000000000000 FROM generate_series(1, ${WALLETS}) AS n;
  INSERT INTO accounts (id, balance) SELECT ${WALLETS} + n, 0 FROM generate_series(1, ${PROVIDER_ACCOUNTS}) AS n;

  CREATE TABLE payouts (
    reference text COLLATE "C" PRIMARY KEY,
    account_id bigint NOT NULL,
    amount bigint NOT NULL,
    state text NOT NULL,
    provider_id text,
    created_at timestamptz NOT NULL DEFAULT now()
  ) WITH (fillfactor = 70);

  CREATE TABLE transfers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  );

  CREATE TABLE postings (
    transfer_id bigint NOT NULL,
    line smallint NOT NULL,
    account_id bigint NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (transfer_id, line)
  );

  CREATE FUNCTION accept(ref text, account bigint, minor bigint) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO payouts (reference, account_id, amount, state) VALUES (ref, account, minor, 'accepted');
  END $$;

  CREATE FUNCTION move_to_held(ref text, account bigint, minor bigint) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    transfer bigint;
  BEGIN
    UPDATE accounts SET balance = balance - minor, held = held + minor WHERE id = account;
    INSERT INTO transfers (reference, kind) VALUES (ref, 'hold') RETURNING id INTO transfer;
    INSERT INTO postings VALUES (transfer, 1, account, -minor), (transfer, 2, account, minor);
  END $$;

  CREATE FUNCTION hold(ref text) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    account bigint;
    minor bigint;
  BEGIN
    UPDATE payouts SET state = 'held' WHERE reference = ref AND state = 'accepted' RETURNING account_id, amount INTO account, minor;
    IF FOUND THEN
      PERFORM move_to_held(ref, account, minor);
    END IF;
    RETURN minor;
  END $$;

  CREATE FUNCTION accept_and_hold(ref text, account bigint, minor bigint) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO payouts (reference, account_id, amount, state) VALUES (ref, account, minor, 'held');
    PERFORM move_to_held(ref, account, minor);
  END $$;

  CREATE FUNCTION record(ref text, provider text) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    -- The webhook may have been faster.
    UPDATE payouts SET provider_id = provider, state = CASE state WHEN 'held' THEN 'submitted' ELSE state END WHERE reference = ref;
  END $$;

  CREATE FUNCTION settle(ref text, provider_account bigint) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    account bigint;
    minor bigint;
    transfer bigint;
  BEGIN
    UPDATE payouts SET state = 'settled' WHERE reference = ref AND state IN ('held', 'submitted')
      RETURNING account_id, amount INTO account, minor;
    IF FOUND THEN
      UPDATE accounts SET held = held - minor WHERE id = account;
      UPDATE accounts SET balance = balance + minor WHERE id = provider_account;
      INSERT INTO transfers (reference, kind) VALUES (ref, 'settle') RETURNING id INTO transfer;
      INSERT INTO postings VALUES (transfer, 1, account, -minor), (transfer, 2, provider_account, minor);
    END IF;
  END $$;

  CREATE FUNCTION accept_and_hold_all(refs text[], accounts_of bigint[], minors bigint[]) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO payouts (reference, account_id, amount, state)
      SELECT ref, account, minor, 'held' FROM unnest(refs, accounts_of, minors) AS u(ref, account, minor);
    PERFORM 1 FROM accounts WHERE id = ANY(accounts_of) ORDER BY id FOR NO KEY UPDATE;
    UPDATE accounts a SET balance = balance - d.minor, held = held + d.minor
      FROM (SELECT account, sum(minor) AS minor FROM unnest(accounts_of, minors) AS u(account, minor) GROUP BY account) d
      WHERE a.id = d.account;
    WITH made AS (
      INSERT INTO transfers (reference, kind) SELECT ref, 'hold' FROM unnest(refs) AS ref RETURNING id, reference
    )
    INSERT INTO postings SELECT m.id, line, u.account, CASE line WHEN 1 THEN -u.minor ELSE u.minor END
      FROM made m JOIN unnest(refs, accounts_of, minors) AS u(ref, account, minor) ON u.ref = m.reference, generate_series(1, 2) AS line;
  END $$;

  CREATE FUNCTION settle_all(refs text[], provider_accounts bigint[]) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    ids text[];
    accounts_of bigint[];
    minors bigint[];
    providers bigint[];
  BEGIN
    WITH settled AS (
      UPDATE payouts p SET state = 'settled' FROM unnest(refs, provider_accounts) AS u(ref, provider)
        WHERE p.reference = u.ref AND p.state IN ('held', 'submitted') RETURNING p.reference, p.account_id, p.amount, u.provider
    )
    SELECT array_agg(reference), array_agg(account_id), array_agg(amount), array_agg(provider)
      INTO ids, accounts_of, minors, providers FROM settled;
    PERFORM 1 FROM accounts WHERE id = ANY(accounts_of || providers) ORDER BY id FOR NO KEY UPDATE;
    UPDATE accounts a SET held = held - d.minor
      FROM (SELECT account, sum(minor) AS minor FROM unnest(accounts_of, minors) AS u(account, minor) GROUP BY account) d
      WHERE a.id = d.account;
    UPDATE accounts a SET balance = balance + d.minor
      FROM (SELECT account, sum(minor) AS minor FROM unnest(providers, minors) AS u(account, minor) GROUP BY account) d
      WHERE a.id = d.account;
    WITH made AS (
      INSERT INTO transfers (reference, kind) SELECT ref, 'settle' FROM unnest(ids) AS ref RETURNING id, reference
    )
    INSERT INTO postings
      SELECT m.id, line, CASE line WHEN 1 THEN u.account ELSE u.provider END, CASE line WHEN 1 THEN -u.minor ELSE u.minor END
      FROM made m JOIN unnest(ids, accounts_of, providers, minors) AS u(ref, account, provider, minor) ON u.ref = m.reference,
        generate_series(1, 2) AS line;
  END $$;

  VACUUM ANALYZE accounts;
`;

/** Makes the tables and functions in an empty database, with every wallet full. */
export async function createSkeletonSchema(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // VACUUM cannot be one of several statements of a single query.
    const [schema = '', vacuum = ''] = SCHEMA.split(/(?=VACUUM)/);
    await client.query(schema);
    await client.query(vacuum);
  } finally {
    await client.end();
  }
}
