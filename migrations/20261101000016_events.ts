// Events to merchants: what is told, whom, how often it was tried; and the relay that makes events of the history.
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Where a merchant wants to be told. due_at is when somebody must look next: while running it is the end of the lease, which
    -- the number fences; null when there is nothing to deliver, or when it is disabled.
    CREATE TABLE webhook_endpoints (
      id text COLLATE "C" PRIMARY KEY CHECK (octet_length(id) = 28 AND left(id, 2) = 'ep'),
      merchant_id text COLLATE "C" NOT NULL REFERENCES merchants,
      url web_address NOT NULL,
      description text CHECK (length(description) BETWEEN 1 AND 200),
      -- Types, or a whole kind of them as 'payout.*'; null: all.
      types text[] CHECK (cardinality(types) > 0),
      status text NOT NULL DEFAULT 'enabled' CHECK (status IN ('enabled', 'disabled', 'deleted')),
      disabled_reason text CHECK (disabled_reason IN ('merchant', 'gone', 'no_success')),
      disabled_at timestamptz,
      secret_sealed bytea,
      -- The secret before, which signs along until then.
      previous_sealed bytea,
      previous_until timestamptz,
      running boolean NOT NULL DEFAULT false,
      lease counter NOT NULL DEFAULT 0,
      due_at timestamptz,
      generation counter NOT NULL DEFAULT 1,
      rung_at timestamptz,
      -- Failed tries in a row, since when, and until when it is left in peace.
      failures counter NOT NULL DEFAULT 0,
      failing_since timestamptz,
      blocked_until timestamptz,
      last_success_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT disabled_for_a_reason CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL AND disabled_at IS NOT NULL)),
      CONSTRAINT only_enabled_is_due CHECK (status = 'enabled' OR due_at IS NULL),
      CONSTRAINT signs_until_deleted CHECK ((status = 'deleted') = (secret_sealed IS NULL)),
      CONSTRAINT previous_secret_ends CHECK ((previous_sealed IS NULL) = (previous_until IS NULL))
    ) WITH (fillfactor = 70);
    CREATE INDEX webhook_endpoints_of_merchant ON webhook_endpoints (merchant_id, id) WHERE status <> 'deleted';
    CREATE INDEX webhook_endpoints_due ON webhook_endpoints (rung_at NULLS FIRST, due_at) WHERE due_at IS NOT NULL;

    -- What happened, as merchants are told. Positions have no gaps and become visible in their order: they are drawn under the
    -- relay's lock, so a reader's cursor never passes one by. What an event is about is joined when it is shown; data holds only
    -- what would be lost otherwise, and never anything personal.
    CREATE TABLE events (
      position bigint PRIMARY KEY,
      id text COLLATE "C" NOT NULL CHECK (octet_length(id) = 28 AND left(id, 2) = 'ev'),
      merchant_id text COLLATE "C" NOT NULL,
      type text COLLATE "C" NOT NULL CHECK (type ~ '^[a-z_]{1,30}\\.[a-z_]{1,30}$'),
      transaction_id text COLLATE "C",
      -- 1, 2, 3, … over the published moves of a transaction.
      sequence counter,
      data object_of_json NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT moves_are_counted CHECK ((transaction_id IS NULL) = (sequence IS NULL)),
      CONSTRAINT told_once UNIQUE (transaction_id, sequence)
    );
    CREATE INDEX events_of_merchant ON events (merchant_id, position) INCLUDE (created_at);
    CREATE INDEX events_by_type ON events (merchant_id, type, position);

    -- One event on its way to one endpoint. Pending ones have a date; those behind an earlier one of the same transaction have its date.
    CREATE TABLE deliveries (
      id text COLLATE "C" PRIMARY KEY CHECK (octet_length(id) = 28 AND left(id, 2) = 'de'),
      endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints,
      event_position bigint NOT NULL,
      transaction_id text COLLATE "C",
      state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
      due_at timestamptz,
      -- How often it was tried since it was last asked for (the wait grows by it), since when, and how often in all.
      tries counter NOT NULL DEFAULT 0,
      first_tried_at timestamptz,
      attempts counter NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL DEFAULT now(),
      done_at timestamptz,
      CONSTRAINT due_while_pending CHECK ((state = 'pending') = (due_at IS NOT NULL)),
      CONSTRAINT done_has_a_time CHECK ((state = 'pending') = (done_at IS NULL)),
      CONSTRAINT once_per_endpoint UNIQUE (endpoint_id, event_position)
    ) WITH (fillfactor = 85);
    CREATE INDEX deliveries_due ON deliveries (endpoint_id, due_at, event_position) WHERE state = 'pending';
    CREATE INDEX deliveries_in_order ON deliveries (transaction_id, endpoint_id, event_position) WHERE state = 'pending';
    CREATE INDEX deliveries_open ON deliveries (endpoint_id, event_position) WHERE state <> 'delivered';

    -- Every try, with the first bytes of what the endpoint answered: made harmless, and without what it repeats of a person.
    CREATE TABLE delivery_attempts (
      delivery_id text COLLATE "C" NOT NULL REFERENCES deliveries ON DELETE CASCADE,
      number counter NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      status_code smallint,
      duration_ms counter NOT NULL,
      error text CHECK (error ~ '^[a-z_]{1,40}$'),
      answer text CHECK (length(answer) <= 1000),
      PRIMARY KEY (delivery_id, number)
    );

    -- A range of events that an endpoint is to be sent again, and how far that has come.
    CREATE TABLE replays (
      id text COLLATE "C" PRIMARY KEY CHECK (octet_length(id) = 28 AND left(id, 2) = 'rp'),
      endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints,
      from_at timestamptz NOT NULL,
      to_at timestamptz NOT NULL,
      types text[] CHECK (cardinality(types) > 0),
      next_position bigint NOT NULL,
      last_position bigint NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      done_at timestamptz
    );
    CREATE UNIQUE INDEX replays_one_open ON replays (endpoint_id) WHERE done_at IS NULL;

    -- How far the relay has read the history, and the last position it gave. Whoever writes events holds the advisory lock named after
    -- it, and takes that before any endpoint's; a row's lock would cost a transaction number each time nothing is found. restored_through: moves up to this one were numbered by another cluster (see relay_events).
    CREATE TABLE event_relay (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      xact xid8 NOT NULL DEFAULT '0',
      history_id bigint NOT NULL DEFAULT 0,
      position bigint NOT NULL DEFAULT 0,
      restored_through bigint NOT NULL DEFAULT 0,
      catching_up_from bigint
    );
    INSERT INTO event_relay DEFAULT VALUES;

    -- Waits until nobody else writes events, and lets nobody until the end of the database transaction.
    CREATE FUNCTION lock_events() RETURNS void LANGUAGE sql AS $$
      SELECT pg_advisory_xact_lock(hashtextextended('event_relay', 0));
    $$;

    -- An id made of what it names: the same move has the same event id, even told anew by a database that forgot having told it.
    CREATE FUNCTION id_made_of(prefix text, name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT prefix || upper(left(encode(sha256(convert_to(name, 'UTF8')), 'hex'), 26));
    $$;

    CREATE FUNCTION wants_event(types text[], type text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
      SELECT types IS NULL OR type = ANY(types) OR split_part(type, '.', 1) || '.*' = ANY(types);
    $$;

    -- Wakes endpoints that have got something to deliver; one that runs will see it before it rests. The date is worked out in the
    -- SET list, so that it is worked out again from the newest row when the row was locked meanwhile.
    CREATE FUNCTION wake_endpoints(ids text[]) RETURNS TABLE (id text, generation integer) LANGUAGE sql AS $$
      UPDATE webhook_endpoints p SET
        due_at = CASE WHEN p.running OR p.status <> 'enabled' THEN p.due_at ELSE least(p.due_at, greatest(now(), p.blocked_until)) END,
        generation = p.generation + (NOT p.running AND p.status = 'enabled' AND coalesce(p.due_at > now(), true))::int,
        rung_at = CASE WHEN p.running THEN p.rung_at ELSE now() END
      FROM (SELECT DISTINCT unnest(ids) AS id ORDER BY 1) w WHERE p.id = w.id
      RETURNING p.id, p.generation;
    $$;

    -- OFFSET 0, here and where else deliveries are looked up, keeps the order in which the tables are asked: a plan from when they
    -- were young would go through all of an endpoint's backlog for every event.
    -- Puts the events after a position on their way to whoever wants them, or to one endpoint alone; gives the bells to ring.
    CREATE FUNCTION deliver_events(after bigint, only_to text) RETURNS TABLE (id text, generation integer) LANGUAGE plpgsql AS $$
    DECLARE
      endpoints text[];
    BEGIN
      WITH made AS (
        INSERT INTO deliveries (id, endpoint_id, event_position, transaction_id, due_at)
          SELECT id_made_of('de', p.id || ':' || e.id), p.id, e.position, e.transaction_id, greatest(now(), (
              SELECT max(b.due_at) FROM (
                SELECT due_at FROM deliveries
                WHERE endpoint_id = p.id AND transaction_id = e.transaction_id AND state = 'pending' OFFSET 0
              ) b))
          FROM (SELECT * FROM events WHERE position > after ORDER BY position OFFSET 0) e CROSS JOIN LATERAL (
            SELECT * FROM webhook_endpoints w WHERE w.merchant_id = e.merchant_id AND w.status = 'enabled' OFFSET 0
          ) p
          WHERE CASE WHEN only_to IS NULL THEN wants_event(p.types, e.type) ELSE p.id = only_to END
        RETURNING endpoint_id
      )
      SELECT array_agg(DISTINCT endpoint_id) INTO endpoints FROM made;
      IF endpoints IS NOT NULL THEN
        RETURN QUERY SELECT * FROM wake_endpoints(endpoints);
      END IF;
    END $$;

    -- Makes events of at most so many moves of the history, in the order of their commits, and deliveries of the events. Only moves
    -- of database transactions older than every running one are read: a smaller number may commit later than a greater one. A move
    -- whose number comes late (its transaction had waited for another's row) takes the earlier moves of its payment along.
    --
    -- A dump restored into another cluster brings numbers that are not that cluster's. It shows by a number that has not been given out
    -- yet. Then what had not been told is told without regard to running transactions (a dump holds only what was committed), and from
    -- there on only later moves are read, by the new numbers.
    --
    -- Gives how many moves were read, how long the oldest unread one has waited, whether foreign numbers were found, and bells.
    CREATE FUNCTION relay_events(at_most integer)
    RETURNS TABLE (moves integer, waiting_ms bigint, restored boolean, endpoints text[], generations integer[]) LANGUAGE plpgsql AS $$
    DECLARE
      mark event_relay;
      snapshot pg_snapshot;
      newest record;
      edge record;
    BEGIN
      IF NOT pg_try_advisory_xact_lock(hashtextextended('event_relay', 0)) THEN
        RETURN;
      END IF;
      SELECT * INTO mark FROM event_relay;
      restored := false;
      IF mark.catching_up_from IS NULL THEN
        -- Compared with the snapshot by which the row is seen: with an older one, what is being written would look foreign too.
        SELECT h.id, h.xact >= pg_snapshot_xmax(pg_current_snapshot()) AS is_foreign INTO newest FROM transaction_history h
          WHERE is_told(h.from_state, h.to_state) ORDER BY h.xact DESC, h.id DESC LIMIT 1;
        IF mark.xact >= pg_snapshot_xmax(pg_current_snapshot()) OR (newest.is_foreign AND newest.id > mark.restored_through) THEN
          restored := true;
          mark.catching_up_from := mark.restored_through;
          SELECT greatest(mark.restored_through, max(h.id)) INTO mark.restored_through FROM transaction_history h
            WHERE is_told(h.from_state, h.to_state) AND h.xact >= pg_snapshot_xmax(pg_current_snapshot());
        END IF;
      END IF;
      snapshot := pg_current_snapshot();

      WITH picked AS MATERIALIZED (
        SELECT h.xact, h.id, h.transaction_id, h.at FROM transaction_history h
        WHERE is_told(h.from_state, h.to_state)
          AND (h.xact, h.id) > (mark.xact, mark.history_id)
          AND CASE WHEN mark.catching_up_from IS NULL THEN h.id > mark.restored_through
            ELSE h.id > mark.catching_up_from AND h.id <= mark.restored_through END
          AND h.xact < CASE WHEN mark.catching_up_from IS NULL THEN pg_snapshot_xmin(snapshot) ELSE '18446744073709551615'::xid8 END
        ORDER BY h.xact, h.id LIMIT at_most
      ), payments AS (
        SELECT p.transaction_id, max(p.id) AS last FROM picked p GROUP BY p.transaction_id
      ), published AS (
        SELECT h.*, row_number() OVER (PARTITION BY h.transaction_id ORDER BY h.id) AS sequence
        FROM payments p JOIN transaction_history h ON h.transaction_id = p.transaction_id AND h.id <= p.last
        WHERE is_told(h.from_state, h.to_state)
      ), fresh AS (
        SELECT p.*, row_number() OVER (ORDER BY p.id) AS n FROM published p
        WHERE (p.xact, p.id) > (mark.xact, mark.history_id) AND p.id > coalesce(mark.catching_up_from, mark.restored_through)
          AND (SELECT true FROM events e WHERE e.transaction_id = p.transaction_id AND e.sequence = p.sequence) IS NULL
      ), made AS (
        INSERT INTO events (position, id, merchant_id, type, transaction_id, sequence, data, created_at)
          SELECT mark.position + f.n, id_made_of('ev', f.transaction_id || ':' || f.sequence), t.merchant_id, t.type || '.' || f.to_state,
            f.transaction_id, f.sequence, CASE WHEN f.to_state = 'failed' AND t.failure_code IS NOT NULL
              THEN jsonb_build_object('failure', jsonb_build_object('code', t.failure_code, 'message', t.failure_message)) ELSE '{}' END, f.at
          FROM fresh f JOIN transactions t ON t.id = f.transaction_id
        RETURNING 1
      )
      SELECT (SELECT count(*) FROM picked)::int AS picked, (SELECT count(*) FROM made) AS made,
          (SELECT p.xact FROM picked p ORDER BY p.xact DESC, p.id DESC LIMIT 1) AS xact,
          (SELECT p.id FROM picked p ORDER BY p.xact DESC, p.id DESC LIMIT 1) AS history_id
        INTO edge;

      IF edge.picked > 0 OR restored THEN
        UPDATE event_relay SET xact = coalesce(edge.xact, mark.xact), history_id = coalesce(edge.history_id, mark.history_id),
          position = mark.position + edge.made, restored_through = mark.restored_through, catching_up_from = mark.catching_up_from;
      END IF;
      IF edge.made > 0 THEN
        SELECT array_agg(d.id), array_agg(d.generation) INTO endpoints, generations FROM deliver_events(mark.position, NULL) d;
      END IF;
      moves := edge.picked;
      IF moves = 0 AND mark.catching_up_from IS NOT NULL THEN
        -- All that the dump brought has been told: from here on by the numbers of this cluster, from their beginning.
        UPDATE event_relay SET xact = '0', history_id = 0, catching_up_from = NULL;
        moves := 1;
      END IF;
      IF moves = 0 THEN
        SELECT (extract(epoch FROM now() - h.at) * 1000)::bigint INTO waiting_ms FROM transaction_history h
          WHERE is_told(h.from_state, h.to_state)
            AND (h.xact, h.id) > (mark.xact, mark.history_id) AND h.id > mark.restored_through
          ORDER BY h.xact, h.id LIMIT 1;
      END IF;
      RETURN NEXT;
    END $$;

    -- Tells an event that is no move of a transaction, to whoever wants it or to one endpoint alone; gives its position and the bells to
    -- ring. Take no endpoint's lock before: this takes the relay's, which comes first.
    CREATE FUNCTION publish_event(event_id text, merchant text, event_type text, payload jsonb, only_to text)
    RETURNS TABLE (event_position bigint, endpoints text[], generations integer[]) LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM lock_events();
      UPDATE event_relay SET position = position + 1 RETURNING position INTO event_position;
      INSERT INTO events (position, id, merchant_id, type, data) VALUES (event_position, event_id, merchant, event_type, payload);
      SELECT array_agg(d.id), array_agg(d.generation) INTO endpoints, generations FROM deliver_events(event_position - 1, only_to) d;
      RETURN NEXT;
    END $$;

    GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints, deliveries, replays TO eversend_app;
    GRANT SELECT, INSERT, DELETE ON events TO eversend_app;
    GRANT SELECT, INSERT ON delivery_attempts TO eversend_app;
    GRANT SELECT, UPDATE ON event_relay TO eversend_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION publish_event, relay_events, deliver_events, wake_endpoints, wants_event, id_made_of, lock_events;
    DROP TABLE event_relay, replays, delivery_attempts, deliveries, events, webhook_endpoints;
  `);
}
