// Telling merchants: every move once and in order, under a lease, to nobody inside.
import type { Mutation } from '../mutation.ts';

const RELAY = {
  test: 'test/notifications/relay.test.ts',
  holds: 'tells every published move once, counted without a gap',
};
const DELIVERIES = { test: 'test/notifications/deliveries.test.ts', holds: 'goes to whoever asked for its type' };
const MIGRATION = 'migrations/20261101000016_events.ts';

export const TELLING: readonly Mutation[] = [
  {
    name: 'relay-horizon',
    mechanism: 'The history is read only up to the oldest running database transaction',
    removed: 'the horizon',
    edits: [{ file: MIGRATION, find: 'THEN pg_snapshot_xmin(snapshot)', replace: "THEN '18446744073709551615'::xid8" }],
    ...RELAY,
    notices: ['does not pass by a move that commits after younger ones'],
  },
  {
    name: 'relay-lock',
    mechanism: 'One relays at a time',
    removed: 'its lock',
    edits: [
      {
        file: MIGRATION,
        find: "IF NOT pg_try_advisory_xact_lock(hashtextextended('event_relay', 0))",
        replace: 'IF false',
      },
    ],
    ...RELAY,
    notices: ['tells nothing twice when two relay at once'],
  },
  {
    name: 'relay-order',
    mechanism: 'A move whose number comes late takes the earlier moves of its payment along',
    removed: 'the earlier ones',
    edits: [
      {
        file: MIGRATION,
        find: 'WHERE (p.xact, p.id) > (mark.xact, mark.history_id) AND',
        replace: 'WHERE p.id IN (SELECT id FROM picked) AND',
      },
    ],
    ...RELAY,
    notices: ['keeps the order of a payment whose later move has the smaller number'],
  },
  {
    name: 'relay-restored',
    mechanism: 'Numbers of another cluster are noticed and caught up with',
    removed: 'the noticing',
    edits: [
      {
        file: MIGRATION,
        find: 'IF mark.catching_up_from IS NULL THEN\n        -- Compared',
        replace: 'IF false THEN\n        -- Compared',
      },
    ],
    ...RELAY,
    notices: ['catches up after a dump was restored into a cluster whose numbers are smaller'],
  },
  {
    name: 'delivery-order',
    mechanism: 'A delivery waits for the earlier ones about its transaction',
    removed: 'the question for them',
    edits: [
      {
        file: 'src/notifications/record.ts',
        find: '(d.transaction_id IS NULL OR (',
        replace: '(true OR (',
      },
    ],
    ...DELIVERIES,
    notices: ['waits until the earlier ones about its transaction are taken'],
  },
  {
    name: 'delivery-lease',
    mechanism: 'Results are recorded only under the lease',
    removed: 'its number in the record',
    edits: [
      {
        file: 'src/notifications/record.ts',
        find: 'AND lease = $2 AND running RETURNING',
        replace: 'AND lease >= $2 AND running RETURNING',
      },
    ],
    ...DELIVERIES,
    notices: ['gets an event again under the same id when whoever sent it lost the lease'],
  },
  {
    name: 'endpoint-rest',
    mechanism: 'An endpoint that goes to rest is locked before its deliveries are looked at',
    removed: 'the lock',
    edits: [
      {
        file: 'src/notifications/lease.ts',
        find: 'if ((await run(trx, LOCK, [id, lease])).length === 0) return [];',
        replace: 'if (LOCK === undefined || lease === 0) return [];',
      },
    ],
    ...DELIVERIES,
    notices: ['is woken by what commits while it goes to rest'],
  },
  {
    name: 'endpoint-probes',
    mechanism: 'A failing endpoint is probed, not flooded',
    removed: 'the failing',
    edits: [
      {
        file: 'src/notifications/outcome.ts',
        find: 'export const FAILING_AFTER = 5;',
        replace: 'export const FAILING_AFTER = 5000;',
      },
    ],
    ...DELIVERIES,
    notices: ['that was down is probed by a few calls'],
  },
  {
    name: 'inside-addresses',
    mechanism: 'What a name leads to is judged at the moment of connecting',
    removed: 'the judgement',
    edits: [
      {
        file: 'src/notifications/send.ts',
        find: '!addresses.every(({ address }) => mayConnect(address, allowLocal))',
        replace: 'mayConnect === undefined',
      },
    ],
    test: 'test/notifications/address-guard.test.ts',
    notices: ['a name with one good and one bad address is refused whole'],
    holds: 'a redirect is not followed',
  },
];
