// The double-entry ledger: accounts, immutable balanced journal entries, and the one function that writes them.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A line in the book. Ids speak: 'provider:UGX', '<wallet id>:available'. Only wallet accounts carry a running balance;
    -- system accounts are touched by every payment and are summed instead, so that no payment waits for another.
    CREATE TABLE ledger_accounts (
      id text COLLATE "C" PRIMARY KEY,
      kind text NOT NULL CHECK (kind IN ('provider', 'capital', 'fee_income', 'commissions_payable', 'provider_charges',
        'receivable', 'suspense', 'wallet_available', 'wallet_held')),
      currency text COLLATE "C" NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
      wallet_id text COLLATE "C" REFERENCES wallets,
      balance bigint CHECK (balance >= 0),
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT id_says_what_it_is CHECK (id = CASE WHEN wallet_id IS NULL THEN kind || ':' || currency
        ELSE wallet_id || ':' || replace(kind, 'wallet_', '') END),
      CONSTRAINT wallet_accounts_have_wallets CHECK ((kind LIKE 'wallet%') = (wallet_id IS NOT NULL)),
      CONSTRAINT wallet_accounts_have_balances CHECK ((wallet_id IS NULL) = (balance IS NULL))
    ) WITH (fillfactor = 60);

    INSERT INTO ledger_accounts (id, kind, currency)
    SELECT kind || ':' || currency, kind, currency
    FROM unnest(ARRAY['provider', 'capital', 'fee_income', 'commissions_payable', 'provider_charges', 'receivable', 'suspense']) AS kind,
      unnest(ARRAY['UGX', 'RWF', 'XAF', 'XOF', 'KES', 'GHS', 'TZS', 'ZMW', 'NGN', 'ZAR', 'EUR', 'GBP', 'USD']) AS currency;

    -- A balanced, immutable group of postings in one currency. The reference (transaction and step) can exist only once.
    CREATE TABLE journal_entries (
      id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^je[0-9A-Z]{26}$'),
      reference text COLLATE "C" NOT NULL UNIQUE CHECK (length(reference) BETWEEN 3 AND 120),
      kind text NOT NULL CHECK (kind ~ '^[a-z_]{3,30}$'),
      currency text COLLATE "C" NOT NULL,
      transaction_id text COLLATE "C" REFERENCES transactions,
      reason text CHECK (length(reason) <= 500),
      actor text NOT NULL,
      posted_at timestamptz NOT NULL DEFAULT now(),
      xact xid8 NOT NULL DEFAULT pg_current_xact_id()
    );

    -- One signed line of an entry on one account. Entry and account are checked once per statement (check_postings) instead of by
    -- foreign keys once per line, which cost a third of all posting; neither can ever be deleted. balance_after is the wallet account's running balance, null for system accounts.
    CREATE TABLE postings (
      entry_id text COLLATE "C" NOT NULL,
      line smallint NOT NULL CHECK (line > 0),
      id bigint GENERATED ALWAYS AS IDENTITY,
      account_id text COLLATE "C" NOT NULL,
      amount bigint NOT NULL CHECK (amount <> 0),
      balance_after bigint CONSTRAINT wallets_cover_their_debits CHECK (balance_after >= 0),
      xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
      PRIMARY KEY (entry_id, line)
    );
    -- A wallet's statement, in the order of its running balance (drawn under the account's row lock).
    CREATE INDEX postings_of_wallet ON postings (account_id, id) WHERE balance_after IS NOT NULL;
    -- What has come to a system account since its last roll-up.
    CREATE INDEX postings_of_system ON postings (account_id, xact) INCLUDE (amount) WHERE balance_after IS NULL;

    -- The sum of a system account's postings of all database transactions older than through_xact.
    CREATE TABLE ledger_rollups (
      account_id text COLLATE "C" PRIMARY KEY REFERENCES ledger_accounts,
      through_xact xid8 NOT NULL,
      amount numeric(38, 0) NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now()
    );

    -- An entry balances, in one currency, with at least two lines: checked when the writing transaction commits.
    CREATE FUNCTION check_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      lines bigint;
      total numeric;
      same_currency boolean;
    BEGIN
      SELECT count(*), coalesce(sum(p.amount), 0), bool_and(a.currency = NEW.currency) INTO lines, total, same_currency
      FROM postings p JOIN ledger_accounts a ON a.id = p.account_id WHERE p.entry_id = NEW.id;
      IF lines < 2 OR total <> 0 OR NOT same_currency THEN
        RAISE EXCEPTION 'journal entry % does not balance in %: % lines, sum %', NEW.reference, NEW.currency, lines, total
          USING ERRCODE = 'EV003';
      END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON journal_entries
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_entry_balances();

    -- Every line is on an account that exists, of an entry that exists and is this very transaction's: nobody adds lines to an
    -- entry later, not even a balanced pair.
    CREATE FUNCTION check_postings() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (
        SELECT 1 FROM added p LEFT JOIN journal_entries e ON e.id = p.entry_id LEFT JOIN ledger_accounts a ON a.id = p.account_id
        WHERE e.xact IS DISTINCT FROM pg_current_xact_id() OR a.id IS NULL
      ) THEN
        RAISE EXCEPTION 'a line needs an account, and an entry of the same transaction; an entry cannot be added to after its commit'
          USING ERRCODE = 'EV004';
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER postings_belong AFTER INSERT ON postings
      REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_postings();

    -- Opens a wallet with its two accounts, or finds it. Only here are accounts made, always with a balance of zero.
    CREATE FUNCTION open_wallet(wallet text, merchant text, wallet_owner text, wallet_currency text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      found_id text;
    BEGIN
      INSERT INTO wallets (id, merchant_id, owner, currency) VALUES (wallet, merchant, wallet_owner, wallet_currency)
        ON CONFLICT (merchant_id, owner, currency) DO NOTHING RETURNING id INTO found_id;
      IF found_id IS NULL THEN
        SELECT id INTO STRICT found_id FROM wallets
          WHERE merchant_id = merchant AND owner = wallet_owner AND currency = wallet_currency;
      ELSE
        INSERT INTO ledger_accounts (id, kind, currency, wallet_id, balance) VALUES
          (found_id || ':available', 'wallet_available', wallet_currency, found_id, 0),
          (found_id || ':held', 'wallet_held', wallet_currency, found_id, 0);
      END IF;
      RETURN found_id;
    END $$;

    -- A wallet account's balance, locked until the caller commits: for entries whose shape depends on it. (A row lock takes the
    -- right to update, which the application role has not.)
    CREATE FUNCTION lock_balance(account text) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      SELECT balance FROM ledger_accounts WHERE id = account FOR NO KEY UPDATE;
    $$;

    -- The only writer of entries, postings and balances. Takes [{id, reference, kind, currency, transaction_id, reason, actor,
    -- postings: [[account id, amount], …]}, …] and writes all of it or raises: 23505 a reference exists already,
    -- 23514 wallets_cover_their_debits a wallet does not cover its debits, EV002 a hold on a frozen wallet.
    CREATE FUNCTION post_entries(entries jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      ids text[]; refs text[]; kinds text[]; currencies text[]; transaction_ids text[]; reasons text[]; actors text[];
      entry_ids text[]; lines smallint[]; accounts text[]; amounts bigint[]; hold_accounts text[];
    BEGIN
      -- The JSON is taken apart once, into arrays.
      SELECT array_agg(id), array_agg(reference), array_agg(kind), array_agg(currency), array_agg(transaction_id), array_agg(reason),
          array_agg(actor)
        INTO ids, refs, kinds, currencies, transaction_ids, reasons, actors
        FROM jsonb_to_recordset(entries)
          AS e(id text, reference text, kind text, currency text, transaction_id text, reason text, actor text);
      SELECT array_agg(e.entry->>'id' ORDER BY e.n, p.line), array_agg(p.line ORDER BY e.n, p.line),
          array_agg(p.posting->>0 ORDER BY e.n, p.line), array_agg((p.posting->>1)::bigint ORDER BY e.n, p.line),
          array_agg(p.posting->>0) FILTER (WHERE e.entry->>'kind' = 'hold')
        INTO entry_ids, lines, accounts, amounts, hold_accounts
        FROM jsonb_array_elements(entries) WITH ORDINALITY AS e(entry, n),
          jsonb_array_elements(e.entry->'postings') WITH ORDINALITY AS p(posting, line);

      -- Wallet accounts are locked first, in id order, so that two writers meet in the same order and one waits instead of both.
      PERFORM 1 FROM ledger_accounts WHERE id = ANY(accounts) AND balance IS NOT NULL ORDER BY id FOR NO KEY UPDATE;

      IF hold_accounts IS NOT NULL AND EXISTS (
        SELECT 1 FROM ledger_accounts a JOIN wallets w ON w.id = a.wallet_id
        WHERE a.id = ANY(hold_accounts) AND w.frozen_at IS NOT NULL
      ) THEN
        RAISE EXCEPTION 'the wallet is frozen' USING ERRCODE = 'EV002';
      END IF;

      INSERT INTO journal_entries (id, reference, kind, currency, transaction_id, reason, actor)
        SELECT * FROM unnest(ids, refs, kinds, currencies, transaction_ids, reasons, actors);

      WITH written AS (
        INSERT INTO postings (entry_id, line, account_id, amount, balance_after)
          SELECT l.entry_id, l.line, l.account_id, l.amount, a.balance + sum(l.amount) OVER (PARTITION BY l.account_id ORDER BY l.n)
          FROM unnest(entry_ids, lines, accounts, amounts) WITH ORDINALITY AS l(entry_id, line, account_id, amount, n)
            LEFT JOIN ledger_accounts a ON a.id = l.account_id
          ORDER BY l.n
      )
      UPDATE ledger_accounts a SET balance = a.balance + d.delta
        FROM (SELECT account_id, sum(amount) AS delta FROM unnest(accounts, amounts) AS l(account_id, amount) GROUP BY account_id) d
        WHERE a.id = d.account_id AND a.balance IS NOT NULL;
    END $$;

    -- Moves each system account's settled tail into its roll-up: only what is older than every database transaction still
    -- running, because a smaller number may commit later than a greater one.
    CREATE FUNCTION roll_up_ledger() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      WITH horizon AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xact)
      INSERT INTO ledger_rollups AS r (account_id, through_xact, amount)
        SELECT a.id, h.xact, coalesce(r.amount, 0) + coalesce(sum(p.amount), 0)
        FROM ledger_accounts a CROSS JOIN horizon h
          LEFT JOIN ledger_rollups r ON r.account_id = a.id
          JOIN postings p ON p.account_id = a.id AND p.balance_after IS NULL
            AND p.xact >= coalesce(r.through_xact, '0'::xid8) AND p.xact < h.xact
        WHERE a.balance IS NULL
        GROUP BY a.id, h.xact, r.amount
      ON CONFLICT (account_id) DO UPDATE SET through_xact = EXCLUDED.through_xact, amount = EXCLUDED.amount, updated_at = now()
        WHERE r.through_xact < EXCLUDED.through_xact;
    $$;

    REVOKE ALL ON FUNCTION post_entries(jsonb), open_wallet(text, text, text, text), lock_balance(text), roll_up_ledger() FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION post_entries(jsonb), open_wallet(text, text, text, text), lock_balance(text), roll_up_ledger() TO eversend_app;
    GRANT SELECT ON ledger_accounts, journal_entries, postings, ledger_rollups TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION roll_up_ledger(), lock_balance(text), post_entries(jsonb), open_wallet(text, text, text, text);
    DROP TABLE ledger_rollups, postings, journal_entries, ledger_accounts;
    DROP FUNCTION check_entry_balances(), check_postings();
  `);
}
