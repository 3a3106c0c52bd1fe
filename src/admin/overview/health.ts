// How the parts around the payments do: cases, endpoints, the provider's answers, webhooks in and out. Every question is bounded.
import { encodeTime } from 'ulid';
import type { Waiting } from '../../activity/now.ts';
import { type Db, runAlone } from '../../db/knex.ts';
import type { CaseKind } from '../../transactions/case.ts';
import type { TransactionType } from '../../transactions/transaction.ts';

const DAY_MS = 86_400_000;
/** The smallest id made at that moment: ids begin with their time. */
const idAt = (prefix: string, ms: number) => prefix + encodeTime(Math.max(0, ms));
/** Open cases, and endpoints, that one reading looks at. */
const LOOKED_AT = 10_000;

export interface OpenCases {
  readonly kind: CaseKind;
  readonly count: number;
  readonly since: Date;
}

const CASES = {
  name: 'overview_cases',
  text: `
    SELECT kind, count(*)::int AS count, min(opened_at) AS since FROM (
      SELECT kind, opened_at FROM cases WHERE resolved_at IS NULL ORDER BY id DESC LIMIT ${LOOKED_AT}
    ) c GROUP BY kind ORDER BY min(opened_at)`,
};

/** Open cases by what they ask, the one that waits longest first. */
export const openCases = (db: Db): Promise<readonly OpenCases[]> => runAlone(db, CASES, []);

const RECOVERY = {
  name: 'overview_recovery',
  text: 'SELECT begun_at AS since FROM recoveries WHERE finished_at IS NULL',
};

/** Since when nothing is sent, because a recovery is open; null when none is. */
export async function recoverySince(db: Db): Promise<Date | null> {
  const [row] = await runAlone<{ since: Date }>(db, RECOVERY, []);
  return row?.since ?? null;
}

const PROPOSED = {
  name: 'overview_proposals',
  text: `
    SELECT count(*)::int AS count, min(created_at) AS since FROM (
      SELECT created_at FROM proposals WHERE state = 'open' AND expires_at > now() ORDER BY id DESC LIMIT ${LOOKED_AT}
    ) p HAVING count(*) > 0`,
};

/** Proposals that a second person may still confirm; null when there are none. */
export async function openProposals(db: Db): Promise<Waiting | null> {
  const [row] = await runAlone<Waiting>(db, PROPOSED, []);
  return row ?? null;
}

const PEOPLE = {
  name: 'overview_people',
  text: `
    SELECT count(*)::int AS count FROM administrators
    WHERE totp_since IS NULL AND disabled_at IS NULL AND invitation_ends_at IS NULL`,
};

/** People who may enter with a password alone. */
export async function peopleWithoutSecondFactor(db: Db): Promise<number> {
  const [row] = await runAlone<{ count: number }>(db, PEOPLE, []);
  return row?.count ?? 0;
}

export interface Endpoints {
  readonly enabled: number;
  /** Enabled, and the last tries failed. */
  readonly failing: number;
  readonly failingSince: Date | null;
  /** Switched off by us because nothing arrived there, or because they said they were gone. */
  readonly dead: number;
  readonly deadSince: Date | null;
}

const ENDPOINTS = {
  name: 'overview_endpoints',
  text: `
    SELECT count(*) FILTER (WHERE status = 'enabled')::int AS enabled,
      count(*) FILTER (WHERE status = 'enabled' AND failing_since IS NOT NULL)::int AS failing,
      min(failing_since) FILTER (WHERE status = 'enabled') AS "failingSince",
      count(*) FILTER (WHERE disabled_reason IN ('gone', 'no_success'))::int AS dead,
      min(disabled_at) FILTER (WHERE disabled_reason IN ('gone', 'no_success')) AS "deadSince"
    FROM (SELECT * FROM webhook_endpoints WHERE status <> 'deleted' ORDER BY merchant_id, id LIMIT ${LOOKED_AT}) p`,
};

export async function endpoints(db: Db): Promise<Endpoints> {
  const [row] = await runAlone<Endpoints>(db, ENDPOINTS, []);
  return row ?? { enabled: 0, failing: 0, failingSince: null, dead: 0, deadSince: null };
}

export interface Deliveries {
  readonly delivered: number;
  readonly refused: number;
}

const DELIVERIES = {
  name: 'overview_deliveries',
  text: `
    SELECT coalesce(sum(delivered), 0)::int AS delivered, coalesce(sum(refused), 0)::int AS refused FROM delivery_sums
    WHERE starts_at >= date_bin(interval '1 hour', $1, timestamptz '2000-01-01 00:00Z') AND starts_at < $2`,
};

/** Tries of sending events to merchants, in the hours that the span touches. */
export async function deliveries(db: Db, from: Date, to: Date): Promise<Deliveries> {
  const [row] = await runAlone<Deliveries>(db, DELIVERIES, [from, to]);
  return row ?? { delivered: 0, refused: 0 };
}

/** The newest webhook events of a span that are looked at. */
export const EVENTS = 10_000;
export type EventState = 'received' | 'applied' | 'unknown' | 'unreadable';

// Ids begin with their time, by a clock that may be off by a day: they find the rows, the stored time decides.
const WEBHOOKS = {
  name: 'overview_webhooks',
  text: `
    SELECT state, count(*)::int AS count FROM (
      SELECT state, received_at FROM webhook_events WHERE id < $1 AND received_at < $3 ORDER BY id DESC LIMIT ${EVENTS}
    ) e WHERE received_at >= $2 GROUP BY state`,
};

/** The provider's callbacks received in that time, by what became of them: of the newest EVENTS. */
export async function webhookStates(db: Db, from: Date, to: Date): Promise<ReadonlyMap<EventState, number>> {
  const before = idAt('we', to.getTime() + DAY_MS);
  const rows = await runAlone<{ state: EventState; count: number }>(db, WEBHOOKS, [before, from, to]);
  return new Map(rows.map(({ state, count }) => [state, count]));
}

/** The newest attempts of a span that are looked at, of each type. */
export const ATTEMPTS = 5000;

export interface Sending {
  readonly type: TransactionType;
  readonly count: number;
  readonly accepted: number;
  readonly refused: number;
  readonly notSent: number;
  readonly notExecuted: number;
  readonly open: number;
  /** Milliseconds from the permission to send until the provider's answer; null when it has answered none. */
  readonly p50: number | null;
  readonly p95: number | null;
}

// The newest before the end, of which those since the beginning: with both bounds inside, all between them would be sorted.
// How long it took counts where the provider's own answer ended the attempt, not a look-up later on.
const SENDING = {
  name: 'overview_sending',
  text: `
    SELECT count(*)::int AS count,
      count(*) FILTER (WHERE verdict = 'accepted')::int AS accepted, count(*) FILTER (WHERE verdict = 'refused')::int AS refused,
      count(*) FILTER (WHERE verdict = 'not_sent')::int AS "notSent",
      count(*) FILTER (WHERE verdict = 'not_executed')::int AS "notExecuted", count(*) FILTER (WHERE verdict IS NULL)::int AS open,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY took) FILTER (WHERE answered) AS p50,
      percentile_disc(0.95) WITHIN GROUP (ORDER BY took) FILTER (WHERE answered) AS p95
    FROM (
      SELECT transaction_id, verdict, (extract(epoch FROM closed_at - opened_at) * 1000)::int AS took,
        verdict IN ('accepted', 'refused') AND look_ups = 0 AS answered
      FROM attempts WHERE transaction_id < $2 ORDER BY transaction_id DESC, number DESC LIMIT ${ATTEMPTS}
    ) a WHERE transaction_id >= $1`,
};

/** The ids of payments of a type that began in a span: what the attempts are counted, and listed, by. */
export function idsOf(type: TransactionType, from: Date, to: Date): readonly [since: string, before: string] {
  const prefix = type === 'payout' ? 'po' : 'co';
  return [idAt(prefix, from.getTime()), idAt(prefix, to.getTime())];
}

/** What came of sending the payments of a type that began in that time: of the newest ATTEMPTS. */
export async function sending(db: Db, type: TransactionType, from: Date, to: Date): Promise<Sending> {
  const [row] = await runAlone<Omit<Sending, 'type'>>(db, SENDING, [...idsOf(type, from, to)]);
  const none = { count: 0, accepted: 0, refused: 0, notSent: 0, notExecuted: 0, open: 0, p50: null, p95: null };
  return { type, ...(row ?? none) };
}

export interface ProviderError {
  readonly type: TransactionType;
  readonly code: string;
  readonly count: number;
}

// A refusal and a provable failure say their code as evidence; what left it open is said by the hint, before its colon.
export const ERROR_OF = `coalesce(evidence->>'code', split_part(hint, ':', 1))`;
const ERRORS = {
  name: 'overview_provider_errors',
  text: `
    SELECT code, count(*)::int AS count FROM (
      SELECT transaction_id, ${ERROR_OF} AS code FROM attempts WHERE transaction_id < $2
      ORDER BY transaction_id DESC, number DESC LIMIT ${ATTEMPTS}
    ) a WHERE transaction_id >= $1 AND code IS NOT NULL GROUP BY code ORDER BY count(*) DESC, code LIMIT 5`,
};

/** What the provider said or did instead of taking the payments of a type that began in that time, most frequent first. */
export async function providerErrors(
  db: Db,
  type: TransactionType,
  from: Date,
  to: Date,
): Promise<readonly ProviderError[]> {
  const rows = await runAlone<{ code: string; count: number }>(db, ERRORS, [...idsOf(type, from, to)]);
  return rows.map((row) => ({ type, ...row }));
}
