// Acceptance: everything that accepting a batch of requests reads and writes, in one statement.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Accepts requests given by their columns, each with a verdict, in their order:
    --   accepted            the key was free and the wallet covers it; all of it is written, the money is held
    --   known               the key was used before: the stored answer, sealed together with what it was the answer to
    --   running             a twin of it runs in another session at this moment
    --   again               it met another of this batch (its twin, or one that takes the same money first): to be asked anew
    --   no_wallet, wallet_frozen, insufficient_funds: nothing is written
    --   refund_exceeds, not_settled: nothing is written; the collection it would pay back has not so much left, or is not settled
    --   needs_approval      nothing is written: to be asked anew with how long it may await its approval (approval_waits)
    -- Raises what post_entries raises; then nothing of the whole batch is written.
    CREATE FUNCTION accept_transactions(ids text[], merchants text[], routes text[], keys text[],
      answers bytea[], owners text[], currencies text[], amounts bigint[], amount_types text[], max_amounts bigint[],
      destination_currencies text[], destination_amounts bigint[], countries text[], methods text[], fee_schedules text[],
      fees bigint[], fee_ceilings bigint[], helds bigint[], refs text[], metadatas jsonb[], beneficiaries text[],
      redirect_urls text[], schedules timestamptz[], actors text[], client_addresses inet[], sealeds bytea[],
      otps bytea[], account_hashes bytea[], last_four_hashes bytea[], entry_ids text[], refund_ofs text[], approval_waits bigint[], earlier_hashes bytea[])
    RETURNS TABLE (verdict text, wallet_id text, at timestamptz, status smallint, answer bytea)
    LANGUAGE plpgsql AS $$
    #variable_conflict use_column
    DECLARE
      verdicts text[]; wallets text[]; taken text[];
      hold_ids text[]; hold_refs text[]; hold_kinds text[]; hold_currencies text[]; hold_transactions text[]; hold_actors text[];
      line_entries text[]; line_accounts text[]; line_amounts bigint[]; limited text[];
    BEGIN
      -- Who has an approval limit is judged one commit after the other: what follows this lock sees whatever was accepted before.
      SELECT array_agg(merchant_id || ' ' || currency) INTO limited FROM (
        SELECT l.merchant_id, l.currency FROM approval_limits l WHERE l.merchant_id = ANY(merchants)
          AND EXISTS (SELECT FROM unnest(merchants, currencies, helds) AS i(merchant, currency, held)
            WHERE i.merchant = l.merchant_id AND i.currency = l.currency AND i.held > 0)
        ORDER BY l.merchant_id, l.currency FOR NO KEY UPDATE OF l) locked;
      -- The same for refunds of one collection; its row before any wallet, as everywhere.
      IF refund_ofs IS NOT NULL THEN
        PERFORM id FROM transactions WHERE id = ANY(refund_ofs) ORDER BY id FOR NO KEY UPDATE;
      END IF;

      -- The twin's lock first: it is tried, never waited for, so twins neither wait nor drain the pool. A request that alone is too
      -- much takes no part in what the batch asks together, so that a stream of such does not keep others waiting for ever.
      SELECT array_agg(d.wallet ORDER BY d.n), array_agg(CASE
          WHEN d.known THEN 'known'
          WHEN NOT d.mine THEN 'running'
          WHEN d.wallet IS NULL THEN 'no_wallet'
          WHEN d.held = 0 THEN 'accepted'
          WHEN d.frozen THEN 'wallet_frozen'
          WHEN d.balance < d.held THEN 'insufficient_funds'
          WHEN d.balance < d.together THEN 'again'
          ELSE 'accepted' END ORDER BY d.n)
        INTO wallets, verdicts
        FROM (
          SELECT i.n, pg_try_advisory_xact_lock(hashtextextended(i.merchant || ' ' || i.route || ' ' || i.key, 0)) AS mine,
            k.key IS NOT NULL AS known, w.id AS wallet, w.frozen_at IS NOT NULL AS frozen, i.held, a.balance,
            sum(i.held) FILTER (WHERE k.key IS NULL AND i.held <= a.balance) OVER (PARTITION BY w.id ORDER BY i.n) AS together
          FROM unnest(merchants, routes, keys, owners, currencies, helds) WITH ORDINALITY
              AS i(merchant, route, key, owner, currency, held, n)
            LEFT JOIN idempotency_keys k ON k.merchant_id = i.merchant AND k.route = i.route AND k.key = i.key
            LEFT JOIN wallets w ON w.merchant_id = i.merchant AND w.owner = i.owner AND w.currency = i.currency
            LEFT JOIN ledger_accounts a ON a.id = w.id || ':available'
        ) d;

      -- All refunds together are at most what was collected, less what went back to the wallet again.
      IF refund_ofs IS NOT NULL THEN
        SELECT array_agg(CASE
            WHEN r.verdict <> 'accepted' OR r.refund_of IS NULL THEN r.verdict
            WHEN r.state IS DISTINCT FROM 'settled' THEN 'not_settled'
            WHEN r.amount > r.rest THEN 'refund_exceeds'
            WHEN r.together > r.rest THEN 'again'
            ELSE r.verdict END ORDER BY r.n)
          INTO verdicts
          FROM (
            SELECT i.n, i.verdict, i.refund_of, i.amount, c.state, c.rest,
              sum(i.amount) FILTER (WHERE i.verdict = 'accepted' AND i.amount <= c.rest) OVER (PARTITION BY i.refund_of ORDER BY i.n) AS together
            FROM unnest(verdicts, merchants, refund_ofs, amounts) WITH ORDINALITY AS i(verdict, merchant, refund_of, amount, n)
              LEFT JOIN LATERAL (
                SELECT t.state, t.amount_minor - coalesce((SELECT sum(b.amount_minor) FROM transactions b
                  WHERE b.refund_of = t.id AND b.state NOT IN ('failed', 'cancelled', 'reversed')), 0) AS rest
                FROM transactions t WHERE t.id = i.refund_of AND t.merchant_id = i.merchant
              ) c ON true
          ) r;
      END IF;

      -- A payout counts with what its account, and its merchant, were to be paid within the last 24 hours and were not spared. Who was
      -- erased since then may have been the same account, and is taken for it: erasing is no way around a limit.
      IF limited IS NOT NULL THEN
        WITH limits AS MATERIALIZED (
          SELECT l.merchant_id, l.currency, l.above_minor, l.daily_above_minor,
            CASE WHEN l.daily_above_minor IS NOT NULL THEN coalesce((
              SELECT sum(coalesce(t.amount_minor, t.max_amount_minor)) FROM transactions t
              WHERE t.merchant_id = l.merchant_id AND t.created_at > now() - interval '24 hours' AND t.type = 'payout'
                AND t.currency = l.currency AND t.state NOT IN ('failed', 'cancelled')), 0) END AS day_minor,
            CASE WHEN l.above_minor IS NOT NULL THEN coalesce((
              SELECT sum(coalesce(t.amount_minor, t.max_amount_minor)) FROM personal_data p JOIN transactions t ON t.id = p.subject_id
              WHERE p.merchant_id = l.merchant_id AND p.erased_at IS NOT NULL AND p.stored_at > now() - interval '24 hours'
                AND t.type = 'payout' AND t.currency = l.currency AND t.state NOT IN ('failed', 'cancelled')), 0) END AS erased_minor
          FROM approval_limits l WHERE l.merchant_id = ANY(merchants) AND l.merchant_id || ' ' || l.currency = ANY(limited)
        ), accounts AS MATERIALIZED (
          SELECT a.merchant, a.currency, a.account, coalesce((
              SELECT sum(coalesce(t.amount_minor, t.max_amount_minor)) FROM personal_data p JOIN transactions t ON t.id = p.subject_id
              WHERE p.account_hash = ANY(ARRAY[a.account, a.earlier]) AND p.stored_at > now() - interval '24 hours' AND t.merchant_id = a.merchant
                AND t.type = 'payout' AND t.currency = a.currency AND t.state NOT IN ('failed', 'cancelled')), 0) AS paid_minor
          FROM (
            SELECT DISTINCT u.merchant, u.currency, u.account, u.earlier
            FROM unnest(verdicts, merchants, currencies, account_hashes, earlier_hashes, helds) AS u(verdict, merchant, currency, account, earlier, held)
              JOIN limits l ON l.merchant_id = u.merchant AND l.currency = u.currency
            WHERE u.verdict = 'accepted' AND u.held > 0 AND l.above_minor IS NOT NULL
          ) a
        )
        SELECT array_agg(CASE
            WHEN j.verdict <> 'accepted' OR j.wait IS NOT NULL THEN j.verdict
            WHEN j.day_minor + j.in_all > j.daily_above_minor THEN 'needs_approval'
            WHEN coalesce(j.paid_minor, 0) + j.erased_minor + j.to_account > j.above_minor THEN 'needs_approval'
            ELSE j.verdict END ORDER BY j.n)
          INTO verdicts
          FROM (
            SELECT i.n, i.verdict, i.wait, l.above_minor, l.daily_above_minor, l.day_minor, l.erased_minor, a.paid_minor,
              sum(i.most) FILTER (WHERE i.verdict = 'accepted') OVER (PARTITION BY i.merchant, i.currency, i.account ORDER BY i.n) AS to_account,
              sum(i.most) FILTER (WHERE i.verdict = 'accepted') OVER (PARTITION BY i.merchant, i.currency ORDER BY i.n) AS in_all
            FROM (
                SELECT n, verdict, merchant, currency, account, wait, CASE WHEN held > 0 THEN coalesce(amount, max_amount) END AS most
                FROM unnest(verdicts, merchants, currencies, account_hashes, approval_waits, helds, amounts, max_amounts) WITH ORDINALITY
                  AS u(verdict, merchant, currency, account, wait, held, amount, max_amount, n)
              ) i LEFT JOIN limits l ON l.merchant_id = i.merchant AND l.currency = i.currency AND i.most IS NOT NULL
                LEFT JOIN accounts a ON a.merchant = i.merchant AND a.currency = i.currency AND a.account = i.account AND i.most IS NOT NULL
          ) j;
      END IF;

      -- Whoever writes the key owns the request; a twin that came between the look and the write is seen the next time.
      WITH keys_in AS (
        INSERT INTO idempotency_keys (merchant_id, route, key, subject_id, status, answer)
          SELECT i.merchant, i.route, i.key, i.id, 202, i.answer
          FROM unnest(verdicts, merchants, routes, keys, ids, answers)
            AS i(verdict, merchant, route, key, id, answer)
          WHERE i.verdict = 'accepted'
          ON CONFLICT DO NOTHING RETURNING subject_id
      )
      SELECT array_agg(subject_id) INTO taken FROM keys_in;
      IF coalesce(cardinality(taken), 0) < cardinality(array_positions(verdicts, 'accepted')) THEN
        FOR i IN 1..cardinality(verdicts) LOOP
          IF verdicts[i] = 'accepted' AND NOT ids[i] = ANY(coalesce(taken, '{}')) THEN
            verdicts[i] := 'again';
          END IF;
        END LOOP;
      END IF;

      IF 'accepted' = ANY(verdicts) THEN
        WITH accepted AS MATERIALIZED (
          SELECT * FROM unnest(verdicts, ids, merchants, wallets, currencies, amounts, amount_types, max_amounts, destination_currencies,
              destination_amounts, countries, methods, fee_schedules, fees, fee_ceilings, helds, refs, metadatas, beneficiaries,
              redirect_urls, schedules, actors, client_addresses, refund_ofs, approval_waits, sealeds, otps, account_hashes, last_four_hashes)
            AS r(verdict, id, merchant, wallet, currency, amount, amount_type, max_amount, destination_currency, destination_amount,
              country, method, fee_schedule, fee, fee_ceiling, held, ref, metadata, beneficiary, redirect_url, scheduled, actor,
              client_address, refund_of, wait, sealed, otp, account_hash, last_four_hash)
          WHERE r.verdict = 'accepted'
        ), history AS (
          INSERT INTO transaction_history (transaction_id, to_state, cause, actor, attempt)
            SELECT r.id, CASE WHEN r.wait IS NULL THEN 'accepted' ELSE 'awaiting_approval' END, 'api', r.actor, 0 FROM accepted r
        ), persons AS (
          INSERT INTO personal_data (subject_id, merchant_id, sealed, otp_sealed, account_hash, last_four_hash)
            SELECT r.id, r.merchant, r.sealed, r.otp, r.account_hash, r.last_four_hash FROM accepted r
        )
        INSERT INTO transactions (id, type, merchant_id, wallet_id, state, currency, amount_minor, amount_type, max_amount_minor,
            destination_currency, destination_amount_minor, country, method, fee_schedule_id, fee_minor, fee_ceiling_minor,
            held_minor, reference, metadata, beneficiary_id, redirect_url, scheduled_at, actor, client_address, refund_of, due_at, rung_at)
          SELECT r.id, CASE left(r.id, 2) WHEN 'po' THEN 'payout' ELSE 'collection' END, r.merchant, r.wallet,
            CASE WHEN r.wait IS NULL THEN 'accepted' ELSE 'awaiting_approval' END,
            r.currency, r.amount, r.amount_type, r.max_amount, r.destination_currency, r.destination_amount, r.country, r.method,
            r.fee_schedule, r.fee, r.fee_ceiling, r.held, r.ref, coalesce(r.metadata, '{}'), r.beneficiary, r.redirect_url,
            r.scheduled, r.actor, r.client_address, r.refund_of,
            coalesce(now() + r.wait * interval '1 millisecond', r.scheduled, now()),
            CASE WHEN r.scheduled IS NULL AND r.wait IS NULL THEN now() END
          FROM accepted r;

        FOR i IN 1..cardinality(verdicts) LOOP
          IF verdicts[i] = 'accepted' AND helds[i] > 0 THEN
            hold_ids := hold_ids || entry_ids[i];
            hold_refs := hold_refs || (ids[i] || ':hold');
            hold_kinds := hold_kinds || 'hold'::text;
            hold_currencies := hold_currencies || currencies[i];
            hold_transactions := hold_transactions || ids[i];
            hold_actors := hold_actors || actors[i];
            line_entries := line_entries || entry_ids[i] || entry_ids[i];
            line_accounts := line_accounts || (wallets[i] || ':available') || (wallets[i] || ':held');
            line_amounts := line_amounts || -helds[i] || helds[i];
          END IF;
        END LOOP;
        IF hold_ids IS NOT NULL THEN
          PERFORM post_entries(hold_ids, hold_refs, hold_kinds, hold_currencies, hold_transactions, NULL, hold_actors,
            line_entries, line_accounts, line_amounts);
        END IF;
      END IF;

      IF 'known' = ANY(verdicts) THEN
        RETURN QUERY SELECT v.verdict, v.wallet, coalesce(k.created_at, now()), k.status::smallint, k.answer
          FROM unnest(verdicts, wallets, merchants, routes, keys) WITH ORDINALITY AS v(verdict, wallet, merchant, route, key, n)
            LEFT JOIN idempotency_keys k
              ON v.verdict = 'known' AND k.merchant_id = v.merchant AND k.route = v.route AND k.key = v.key
          ORDER BY v.n;
      ELSE
        RETURN QUERY SELECT v.verdict, v.wallet, now(), NULL::smallint, NULL::bytea
          FROM unnest(verdicts, wallets) WITH ORDINALITY AS v(verdict, wallet, n) ORDER BY v.n;
      END IF;
    END $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP FUNCTION accept_transactions`);
}
