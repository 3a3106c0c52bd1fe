// What operators do about events to merchants: send one again, send a range again, switch an endpoint on.
import type { Context } from '../../context.ts';
import { inTransaction, runAlone } from '../../db/knex.ts';
import { InvalidRequest, StaleState } from '../../errors.ts';
import { resendDelivery } from '../../notifications/delivery.ts';
import { type Deputy, findEndpoint } from '../../notifications/endpoint.ts';
import { beginReplay } from '../../notifications/replay.ts';
import { enableEndpoint } from '../../notifications/switch.ts';
import { code, link, text, time } from '../panels/cell.ts';
import type { Action, Carried, Ordered } from './action.ts';

const idOf = ({ row }: Pick<Ordered, 'row'>) => String(row['id']);
const deputy = ({ row, actor, reason }: Carried): Deputy => ({
  ...actor,
  reason,
  merchantId: String(row['merchantId']),
});
const DISABLED = 'The endpoint is not enabled. Enable it first.';

const resend: Action = {
  name: 'resend',
  panel: 'deliveries',
  label: 'Send again',
  permission: 'endpoints.resend',
  fits: (row) => row['endpointStatus'] === 'enabled',
  preview: async (_ctx, { row }) => ({
    sentences: [
      'The same event goes to the endpoint again, now, under the same id: whoever has it already knows it by that.',
    ],
    facts: [
      ['To', code(String(row['url']))],
      ['Event', text(String(row['type']))],
      ['Tried', text(`${row['attempts']} times`)],
    ],
    outline: { State: String(row['state']) },
  }),
  async carryOut(ctx, of) {
    const endpointId = String(of.row['endpointId']);
    const by = deputy(of);
    const bells = await inTransaction(ctx.db, async (trx) => {
      if ((await findEndpoint(trx, by.merchantId, endpointId)).status !== 'enabled') throw new StaleState(DISABLED);
      return (await resendDelivery(trx, by, endpointId, idOf(of))).bells;
    });
    ctx.queues.ring(bells);
    return { sentence: 'It is on its way again; each try is listed below.' };
  },
};

function momentOf({ input }: Ordered, name: 'from' | 'to', label: string): Date {
  const given = input[name] ?? '';
  const at = new Date(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(given) ? `${given}Z` : Number.NaN);
  if (!Number.isNaN(at.getTime()) && at.toISOString().startsWith(given)) return at;
  throw InvalidRequest.field(name, 'not_a_moment', `${label}: give a moment in UTC such as 2027-01-31T08:00.`);
}

function spanOf(of: Ordered): { readonly from: Date; readonly to: Date } {
  const span = { from: momentOf(of, 'from', 'From'), to: momentOf(of, 'to', 'Until') };
  if (span.from < span.to) return span;
  throw InvalidRequest.field('to', 'ends_before_it_begins', 'Until: give a moment after the beginning.');
}

const MOST_COUNTED = 10_000;
const COUNT = {
  name: 'count_events_of_span',
  text: `SELECT count(*)::int AS count FROM (
    SELECT 1 FROM events WHERE merchant_id = $1 AND created_at >= $2 AND created_at < $3 LIMIT ${MOST_COUNTED}) e`,
};

async function counted(ctx: Context, merchantId: string, { from, to }: ReturnType<typeof spanOf>): Promise<string> {
  const [row] = await runAlone<{ count: number }>(ctx.db, COUNT, [merchantId, from, to]);
  const count = row?.count ?? 0;
  return count === MOST_COUNTED ? `${MOST_COUNTED} and more` : String(count);
}

const replay: Action = {
  name: 'replay',
  panel: 'endpoints',
  label: 'Send a range again',
  permission: 'endpoints.resend',
  isGrave: true,
  fits: (row) => row['status'] === 'enabled',
  fields: () => [
    { name: 'from', label: 'Events from', kind: 'moment', required: true, hint: 'in UTC' },
    { name: 'to', label: 'Until before', kind: 'moment', required: true, hint: 'in UTC' },
  ],
  async preview(ctx, of) {
    const span = spanOf(of);
    return {
      sentences: [
        'Every event of that time that the endpoint wants is sent to it again, oldest first, under the same ids; also those that were ' +
          'never sent there. What is on its way already stays as it is.',
      ],
      facts: [
        ['To', code(String(of.row['url']))],
        ['From', time(span.from)],
        ['Until', time(span.to)],
        ["Events of the merchant's in it", text(await counted(ctx, String(of.row['merchantId']), span))],
      ],
      outline: { Endpoint: 'enabled' },
    };
  },
  async carryOut(ctx, of) {
    const by = deputy(of);
    const id = await inTransaction(ctx.db, async (trx) => {
      if ((await findEndpoint(trx, by.merchantId, idOf(of))).status !== 'enabled') throw new StaleState(DISABLED);
      return beginReplay(trx, { caller: by, endpointId: idOf(of), ...spanOf(of), types: null });
    });
    return { sentence: `The replay ${id} has begun; its page tells how far it has come.` };
  },
};

const enable: Action = {
  name: 'enable',
  panel: 'endpoints',
  label: 'Enable',
  permission: 'endpoints.enable',
  fits: (row) => row['status'] === 'disabled',
  preview: async (_ctx, { row }) => ({
    sentences: ['Events are sent there again, what waited first.'],
    facts: [
      ['To', code(String(row['url']))],
      ['Was disabled', text(String(row['disabledReason']).replaceAll('_', ' '))],
      ['Whose', link('merchants', String(row['merchantId']), String(row['merchantName']))],
    ],
    outline: { Endpoint: `disabled: ${row['disabledReason']}` },
  }),
  async carryOut(ctx, of) {
    await enableEndpoint(ctx, deputy(of), idOf(of));
    return { sentence: 'The endpoint is enabled: what waits is sent within seconds.' };
  },
};

export const TELLING_ACTIONS: readonly Action[] = [resend, replay, enable];
