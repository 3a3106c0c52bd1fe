// The shapes of what is answered about bulks.
import { z } from 'zod';
import { STATE_NAMES } from '../../transactions/states.ts';

export const bulkId = z.string().meta({ description: 'Of a bulk.', examples: ['bu01KAB3R7W2Q8N4YV5T6X9ZCDEF'] });

const SUMMARY = {
  id: 'bu01KAB3R7W2Q8N4YV5T6X9ZCDEF',
  status: 'processing',
  hold: 'each',
  rows: 10_000,
  reference: 'PAYROLL-11',
  metadata: {},
  createdAt: '2026-11-23T08:00:00.000Z',
  updatedAt: '2026-11-23T08:00:04.503Z',
};
const COUNTED = {
  ...SUMMARY,
  accepted: 9700,
  refused: 300,
  states: { submitted: 120, settled: 9580 },
  totals: [{ currency: 'UGX', amount: '9700000', fee: '291000', held: '123600', settled: '9580000' }],
};
const DUPLICATE = { field: 'reference', code: 'duplicate_in_file', message: 'It repeats row 7.' };
const ROW = {
  row: 9,
  round: 1,
  status: 'refused',
  transactionId: null,
  reference: 'SAL-9',
  amount: null,
  currency: null,
  fee: null,
  errors: [DUPLICATE],
};

const amount = z.string().meta({ examples: ['1000'] });
const time = z.string().meta({ format: 'date-time', examples: ['2026-12-01T08:00:00.000Z'] });
const error = z.strictObject({ field: z.string(), code: z.string(), message: z.string() });

export const bulkSummary = z
  .strictObject({
    id: bulkId,
    status: z.enum(['accepting', 'cancelling', 'processing', 'done']).meta({
      description:
        '`accepting`: rows are becoming payouts. `cancelling`: unsent payouts are being cancelled. `processing`: payouts are under way. `done`: all have ended.',
    }),
    hold: z.enum(['each', 'total']),
    rows: z.int().meta({ description: 'How many the file had.' }),
    reference: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'BulkSummary', examples: [SUMMARY] });

const counted = {
  ...bulkSummary.shape,
  accepted: z.int().meta({ description: 'Rows that are payouts, or become ones: all that were not refused.' }),
  refused: z.int().meta({ description: 'Rows of which no payout was made; the report says why.' }),
  states: z.record(z.string(), z.int()).meta({
    description: 'How many of the accepted rows are in which state; `waiting` ones become payouts within seconds.',
    examples: [{ waiting: 120, settled: 9580 }],
  }),
  totals: z.array(
    z.strictObject({
      currency: z.string().meta({ examples: ['UGX'] }),
      amount: amount.meta({ description: 'Of all accepted rows, as far as it is known.' }),
      fee: amount,
      held: amount.meta({ description: 'Still set aside.' }),
      settled: amount.meta({ description: 'What has been paid.' }),
    }),
  ),
};

export const bulk = z.strictObject(counted).meta({ id: 'Bulk', examples: [COUNTED] });

export const retriedBulk = z
  .strictObject({
    ...counted,
    retried: z.int(),
    skipped: z
      .array(z.strictObject({ row: z.int(), errors: z.array(error) }))
      .meta({ description: 'Failed rows that could not be asked for again, and why.' }),
  })
  .meta({ id: 'RetriedBulk', examples: [{ ...COUNTED, status: 'accepting', retried: 12, skipped: [] }] });

export const bulkRow = z
  .strictObject({
    row: z.int().meta({ description: 'Counted from 1, without the header.' }),
    round: z.int().meta({ description: 'How often it was tried.' }),
    status: z.enum(['waiting', 'refused', ...STATE_NAMES] as [string, ...string[]]).meta({
      description: 'The state of its payout; `waiting` and `refused` rows have none.',
    }),
    transactionId: z.string().nullable(),
    reference: z.string().nullable(),
    amount: amount.nullable(),
    currency: z.string().nullable(),
    fee: amount.nullable(),
    errors: z.array(error).meta({ description: 'What is wrong with a refused row, or why its payout failed.' }),
  })
  .meta({ id: 'BulkRow', examples: [ROW] });
