// Applies a stored event: it makes us look at the provider, and what the provider says is what happens.
import { type Context, perContext } from '../context.ts';
import { coalesce } from '../db/coalesce.ts';
import { isConnectionLoss, runAlone, runWhole } from '../db/knex.ts';
import { isId } from '../ids.ts';
import { isCurrency } from '../money.ts';
import type { ProviderTransaction } from '../provider/provider.ts';
import { advance } from '../transactions/advance.ts';
import { backoffMs } from '../transactions/backoff.ts';
import type { Flow } from '../transactions/flow.ts';
import { nameStranger } from '../transactions/stranger.ts';
import type { TransactionType } from '../transactions/transaction.ts';

/** Look-ups that one event is worth when the provider does not (yet) agree with it; polling goes on without it. */
const MAX_LOOK_UPS = 3;

interface Event {
  readonly id: string;
  readonly state: string;
  readonly reference: string | null;
  readonly providerTransactionId: string | null;
  readonly claimedStatus: string | null;
  readonly lookUps: number;
  readonly transactionId: string | null;
  readonly type: TransactionType | null;
}

const LOAD = {
  name: 'load_webhook_events',
  text: `
    SELECT e.id, e.state, e.reference, e.provider_transaction_id AS "providerTransactionId", e.claimed_status AS "claimedStatus", e.look_ups AS "lookUps",
      coalesce(t.id, p.id) AS "transactionId", coalesce(t.type, p.type) AS type
    FROM webhook_events e
      LEFT JOIN transactions t ON t.id = e.reference
      LEFT JOIN LATERAL (
        SELECT id, type FROM transactions WHERE t.id IS NULL AND provider_transaction_id = e.provider_transaction_id LIMIT 1
      ) p ON true
    WHERE e.id = ANY($1)`,
};

// Rows are locked in the order of their ids, as the sweep does.
const MARK = {
  name: 'mark_webhook_events',
  text: `
    WITH marks AS (
      SELECT m.* FROM webhook_events e JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS m(id, state, wait) ON e.id = m.id
      WHERE e.state = 'received' ORDER BY e.id FOR NO KEY UPDATE OF e
    )
    UPDATE webhook_events e SET state = m.state, look_ups = e.look_ups + 1, rung_at = NULL,
      due_at = CASE WHEN m.state = 'received' THEN now() + m.wait * interval '1 millisecond' END,
      applied_at = CASE WHEN m.state = 'received' THEN NULL ELSE now() END
    FROM marks m WHERE e.id = m.id`,
};

interface Mark {
  readonly id: string;
  readonly state: 'received' | 'applied' | 'unknown';
  readonly waitMs: number;
}

const loader = perContext((ctx) =>
  coalesce<string, Event | null>({
    maxBatch: 128,
    unhurried: true,
    whole: isConnectionLoss,
    flush: async (ids) => {
      const events = new Map((await runAlone<Event>(ctx.db, LOAD, [ids])).map((event) => [event.id, event]));
      return ids.map((id) => events.get(id) ?? null);
    },
  }),
);

const marker = perContext((ctx) =>
  coalesce<Mark, void>({
    maxBatch: 128,
    unhurried: true,
    whole: isConnectionLoss,
    flush: async (marks) => {
      await runWhole(ctx.db, MARK, [marks.map((m) => m.id), marks.map((m) => m.state), marks.map((m) => m.waitMs)]);
      return marks.map(() => undefined);
    },
  }),
);

/** Follows an event up. Safe at any time and twice at once; an event that is done, or gone, is left alone. */
export async function applyWebhookEvent(ctx: Context, flows: Record<TransactionType, Flow>, id: string): Promise<void> {
  const event = await loader(ctx)(id);
  if (event === null || event.state !== 'received') return;
  const state = event.transactionId === null ? await lookForStranger(ctx, flows, event) : await ask(ctx, flows, event);
  if (state === null) return;
  const waitMs = backoffMs(event.lookUps, { baseMs: ctx.config.RETRY_BASE_MS, maxMs: ctx.config.RETRY_MAX_MS });
  await marker(ctx)({ id, state, waitMs });
}

/** About a transaction of ours: look at the provider now, whatever the date says. Null when the step that followed marked the event. */
async function ask(ctx: Context, flows: Record<TransactionType, Flow>, event: Event): Promise<Mark['state'] | null> {
  const ending = await advance(ctx, flows[event.type as TransactionType], event.transactionId as string, {
    cause: 'webhook',
    actor: `webhook:${event.id}`,
    insists: true,
  });
  if (ending === 'moved') return null;
  // The provider does not say what its event says (yet): asked again a few times, then left to polling.
  return ending === 'waiting' && event.claimedStatus !== 'pending' && event.lookUps + 1 < MAX_LOOK_UPS
    ? 'received'
    : 'applied';
}

/** About no row of ours: what the provider did waits in suspense for a person, unless it turns out to be a row's after all. */
async function lookForStranger(
  ctx: Context,
  flows: Record<TransactionType, Flow>,
  event: Event,
): Promise<Mark['state'] | null> {
  const last = event.lookUps + 1 >= MAX_LOOK_UPS;
  const { providerTransactionId } = event;
  const answer = await ctx.provider.lookUp({ reference: event.reference ?? '', providerTransactionId });
  if (answer.kind !== 'found') return last ? 'unknown' : 'received';
  const found = answer.transaction;
  const row = found.reference === null ? undefined : await rowOf(ctx, found.reference);
  // An event that names the provider's id only, of which our row does not know yet.
  if (row !== undefined) return ask(ctx, flows, { ...event, transactionId: row.id, type: row.type });
  if (found.status === 'successful') await suspend(ctx, event, found);
  return 'unknown';
}

const ROW = { name: 'webhook_row', text: 'SELECT id, type FROM transactions WHERE id = $1' };

async function rowOf(ctx: Context, reference: string): Promise<{ id: string; type: TransactionType } | undefined> {
  const [row] = await runAlone<{ id: string; type: TransactionType }>(ctx.db, ROW, [reference]);
  return row;
}

/** Under a reference of ours it is a row that we lost; otherwise only money that came in concerns us. */
async function suspend(ctx: Context, event: Event, found: ProviderTransaction): Promise<void> {
  const reference = found.reference ?? '';
  const isOurs = isId('payout', reference) || isId('collection', reference);
  if (!isOurs && (found.type !== 'collection' || !isCurrency(found.currency) || found.amountMinor <= 0n)) return;
  await nameStranger(ctx, {
    found,
    kind: isOurs ? 'unknown_operation' : 'unexpected_money',
    actor: `webhook:${event.id}`,
    evidence: { webhookEventId: event.id },
  });
}

/** Tries an event again later, after a failure of our own. */
export async function postponeWebhookEvent(ctx: Context, id: string): Promise<void> {
  await marker(ctx)({ id, state: 'received', waitMs: ctx.config.RETRY_MAX_MS });
}
