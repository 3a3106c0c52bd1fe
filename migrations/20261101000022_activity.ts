// Activity: how many payments began when and what became of them, and what was earned, summed ahead for the console's overview.
import type { Knex } from 'knex';

// Five minutes first, of these the hours, of those the days. What is read by five minutes is a day old at most.
const SUMMED = (moves: string) => `fine AS (
        SELECT date_bin(interval '5 minutes', a.at, timestamptz '2000-01-01 00:00Z') AS starts_at, a.figure, a.currency,
          sum(a.count) AS count, sum(a.amount_minor) AS amount_minor
        FROM ${moves} p CROSS JOIN LATERAL activity_of(p.transaction_id, p.from_state, p.to_state) a
        WHERE is_told(p.from_state, p.to_state) AND outcome_of(p.from_state) IS DISTINCT FROM outcome_of(p.to_state)
        GROUP BY 1, 2, 3
      ), hours AS (
        SELECT date_bin(interval '60 minutes', starts_at, timestamptz '2000-01-01 00:00Z') AS starts_at, figure, currency,
          sum(count) AS count, sum(amount_minor) AS amount_minor
        FROM fine GROUP BY 1, 2, 3
      ), summed AS (
        SELECT 5, * FROM fine WHERE starts_at > now() - interval '3 days'
        UNION ALL SELECT 60, * FROM hours
        UNION ALL SELECT 1440, date_bin(interval '1440 minutes', starts_at, timestamptz '2000-01-01 00:00Z'), figure, currency, sum(count), sum(amount_minor)
          FROM hours GROUP BY 2, 3, 4`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What has been added up, in pieces of five minutes, of an hour and of a day (UTC). Made of the history and the earnings alone, which only grow:
    -- it can be thrown away and made anew (rebuild_activity). A payment counts where it was created, by its present outcome; an
    -- earning where it was earned. Sums are numeric: a day of a large deployment may pass 2^63.
    CREATE TABLE activity_sums (
      grain_minutes smallint NOT NULL CHECK (grain_minutes IN (5, 60, 1440)),
      starts_at timestamptz NOT NULL,
      figure text COLLATE "C" NOT NULL,
      currency text COLLATE "C" NOT NULL,
      count bigint NOT NULL,
      amount_minor numeric(38, 0) NOT NULL,
      PRIMARY KEY (grain_minutes, starts_at, figure, currency)
    ) WITH (fillfactor = 70);

    -- How far the history has been added up, in the order of its commits. counted_through: moves up to this one are in the sums whatever
    -- their number (of another cluster, perhaps): they were made anew when it was written.
    CREATE TABLE activity_mark (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      xact xid8 NOT NULL DEFAULT '0',
      history_id bigint NOT NULL DEFAULT 0,
      counted_through bigint NOT NULL DEFAULT 0
    );
    INSERT INTO activity_mark DEFAULT VALUES;

    -- The states a person tells apart. Moves within one of them change no figure; all others are told (is_told), so none is missed.
    CREATE FUNCTION outcome_of(state text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE WHEN state IN ('accepted', 'submitting', 'submitted') THEN 'under_way' ELSE state END;
    $$;

    -- What one move adds to the figures. An amount is counted once it has moved: before that it may still change.
    CREATE FUNCTION activity_of(transaction text, from_state text, to_state text)
    RETURNS TABLE (at timestamptz, figure text, currency text, count integer, amount_minor bigint) LANGUAGE sql STABLE AS $$
      SELECT v.at, v.figure, t.currency::text, v.count, v.amount_minor
      FROM transactions t CROSS JOIN LATERAL (
        SELECT t.created_at AS at, t.type || '.' || outcome_of(from_state) AS figure, -1 AS count,
            CASE WHEN from_state = 'settled' THEN 0 - t.amount_minor::bigint ELSE 0 END AS amount_minor
          WHERE from_state IS NOT NULL AND outcome_of(from_state) <> outcome_of(to_state)
        UNION ALL
        SELECT t.created_at, t.type || '.' || outcome_of(to_state), 1,
            CASE WHEN to_state = 'settled' THEN t.amount_minor::bigint ELSE 0 END
          WHERE from_state IS NULL OR outcome_of(from_state) <> outcome_of(to_state)
        UNION ALL
        SELECT e.earned_at, 'earned.' || e.kind, 1, e.amount_minor
          FROM earnings e WHERE e.transaction_id = t.id AND e.step = CASE to_state WHEN 'settled' THEN 'settle' WHEN 'reversed' THEN 'reverse' END
      ) v WHERE t.id = transaction;
    $$;

    -- Adds up at most so many moves, in the order of their commits, and gives how many. Sums and mark change in one commit, so a
    -- crash counts nothing twice. Only moves of database transactions older than every running one are taken: a smaller number may
    -- commit later than a greater one. Numbers of another cluster (a restored dump) are left for rebuild_activity.
    CREATE FUNCTION roll_up_activity(at_most integer) RETURNS integer LANGUAGE plpgsql AS $$
    DECLARE
      mark activity_mark;
      snapshot pg_snapshot;
      edge record;
    BEGIN
      IF NOT pg_try_advisory_xact_lock(hashtextextended('activity', 0)) THEN
        RETURN 0;
      END IF;
      SELECT * INTO mark FROM activity_mark;
      snapshot := pg_current_snapshot();
      IF mark.xact >= pg_snapshot_xmax(snapshot) THEN
        RETURN 0;
      END IF;
      WITH picked AS MATERIALIZED (
        SELECT h.xact, h.id, h.transaction_id, h.from_state, h.to_state FROM transaction_history h
        WHERE is_told(h.from_state, h.to_state) AND (h.xact, h.id) > (mark.xact, mark.history_id) AND h.id > mark.counted_through
          AND h.xact < pg_snapshot_xmin(snapshot)
        ORDER BY h.xact, h.id LIMIT at_most
      ), ${SUMMED('picked')}
      ), written AS (
        INSERT INTO activity_sums AS s (grain_minutes, starts_at, figure, currency, count, amount_minor)
          SELECT * FROM summed
          ON CONFLICT (grain_minutes, starts_at, figure, currency)
            DO UPDATE SET count = s.count + EXCLUDED.count, amount_minor = s.amount_minor + EXCLUDED.amount_minor
      )
      SELECT (SELECT count(*) FROM picked)::int AS moves, p.xact, p.id INTO edge FROM picked p ORDER BY p.xact DESC, p.id DESC LIMIT 1;
      IF edge.moves > 0 THEN
        UPDATE activity_mark SET xact = edge.xact, history_id = edge.id;
      END IF;
      RETURN coalesce(edge.moves, 0);
    END $$;

    -- Makes the sums anew from all there is, also in another cluster. Nothing is paid meanwhile.
    CREATE FUNCTION rebuild_activity() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtextextended('activity', 0));
      DELETE FROM activity_sums;
      WITH ${SUMMED('transaction_history')}
      )
      INSERT INTO activity_sums (grain_minutes, starts_at, figure, currency, count, amount_minor) SELECT * FROM summed;
      UPDATE activity_mark SET xact = pg_snapshot_xmin(pg_current_snapshot()), history_id = 0,
        counted_through = coalesce((SELECT max(id) FROM transaction_history), 0);
    END $$;

    -- Provider callbacks refused at the door. None of them is stored: they are counted in memory, and written down by the second.
    CREATE TABLE refused_webhooks (
      starts_at timestamptz PRIMARY KEY,
      count bigint NOT NULL
    );

    -- Tries of deliveries to merchants' endpoints, by the hour, written in the commit that records them; spread over eight rows, so
    -- that endpoints do not wait for each other.
    CREATE TABLE delivery_sums (
      starts_at timestamptz NOT NULL,
      shard smallint NOT NULL,
      delivered bigint NOT NULL,
      refused bigint NOT NULL,
      PRIMARY KEY (starts_at, shard)
    ) WITH (fillfactor = 50);

    GRANT SELECT, INSERT, UPDATE, DELETE ON activity_sums, refused_webhooks, delivery_sums TO eversend_app;
    GRANT SELECT, UPDATE ON activity_mark TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE delivery_sums, refused_webhooks;
    DROP FUNCTION rebuild_activity, roll_up_activity, activity_of, outcome_of;
    DROP TABLE activity_mark, activity_sums;
  `);
}
