// Bulk payouts: many handed in at once, their progress, the report on each row, retrying and cancelling.
import { z } from 'zod';
import { type Cell, csvFile, fileHeaders } from '../../csv.ts';
import { NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import { cancelBulk } from '../../payouts/bulk/cancel.ts';
import { createBulk } from '../../payouts/bulk/create.ts';
import { reportRows } from '../../payouts/bulk/report.ts';
import { retryBulk } from '../../payouts/bulk/retry.ts';
import { listBulks, type RowStatus, readBulk as viewBulk } from '../../payouts/bulk/view.ts';
import { STATE_NAMES } from '../../transactions/states.ts';
import { CSV_COLUMNS } from '../bulk/csv-file.ts';
import { bulkBody, bulkQuery, FILE_LIMIT_BYTES, readBulk } from '../bulk/input.ts';
import * as views from '../bulk/views.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import * as input from '../inputs.ts';
import { pageOf, paging } from '../query.ts';
import { listOf } from '../views.ts';

const params = z.strictObject({ id: views.bulkId });
const ROW = {
  amount: '1000',
  currency: 'UGX',
  method: 'momo',
  country: 'UG',
  destinationCurrency: 'UGX',
  recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
  reference: 'SAL-9',
};
const CSV = `amount,currency,method,country,destinationCurrency,recipient.firstName,recipient.lastName,recipient.phone,reference\r
1000,UGX,momo,UG,UGX,John,Okello,+256712345678,SAL-9\r
`;

const create = defineRoute({
  method: 'POST',
  path: '/v1/payouts/bulk',
  operationId: 'createBulk',
  tag: 'Payouts',
  scope: 'payouts:write',
  limit: 'money',
  summary: 'Pay out many at once',
  description: `Up to 10,000 payouts as JSON, or as CSV with a header line and the columns ${CSV_COLUMNS.map((name) => `\`${name}\``).join(', ')} and \`metadata.<name>\`; for CSV, \`hold\`, \`allowDuplicates\` and \`reference\` are query parameters. Rows that are wrong are refused one by one and named in the report; the others become payouts within seconds. A repetition under the same key needs the same file, byte for byte.`,
  query: bulkQuery,
  rawLimit: FILE_LIMIT_BYTES,
  bodies: {
    'application/json': {
      schema: bulkBody,
      examples: {
        each: { summary: 'Every row by itself', value: { payouts: [ROW], reference: 'PAYROLL-11' } },
        total: { summary: 'All or nothing', value: { payouts: [ROW], hold: 'total' } },
      },
    },
    'text/csv': { schema: z.string(), examples: { csv: { summary: 'One payout in a line', value: CSV } } },
  },
  idempotent: true,
  responses: {
    202: { description: 'Every row is judged and stored; the payouts are being made.', schema: views.bulk },
  },
  async handler({ ctx, caller, idempotent, raw, contentType, query }) {
    return createBulk(ctx, caller, idempotent, await readBulk({ raw, contentType, query }));
  },
});

const list = defineRoute({
  method: 'GET',
  path: '/v1/payouts/bulk',
  operationId: 'listBulks',
  tag: 'Payouts',
  scope: 'payouts:read',
  limit: 'reads',
  summary: 'List bulks, newest first',
  description: 'Without counts; `status` is as of the last look, which for a bulk under way may be minutes ago.',
  query: z.strictObject({ reference: input.reference.optional(), ...paging }),
  responses: { 200: { description: 'A page.', schema: listOf(views.bulkSummary) } },
  async handler({ ctx, caller: { merchantId }, query }) {
    const place = { list: 'bulks', merchantId };
    const before = openCursor(ctx, place, query.cursor);
    const bulks = await listBulks(ctx.db, {
      merchantId,
      ...(query.reference === undefined ? {} : { reference: query.reference }),
      ...(before === undefined ? {} : { before }),
      limit: query.limit + 1,
    });
    const { page, last } = pageOf(bulks, query.limit);
    return json(200, { data: page, nextCursor: sealCursor(ctx, place, last?.id ?? null) });
  },
});

const read = defineRoute({
  method: 'GET',
  path: '/v1/payouts/bulk/{id}',
  operationId: 'getBulk',
  tag: 'Payouts',
  scope: 'payouts:read',
  limit: 'reads',
  summary: "A bulk's progress",
  params,
  responses: { 200: { description: 'Counts by state and sums by currency.', schema: views.bulk } },
  async handler({ ctx, caller, params: { id } }) {
    return json(200, await viewBulk(ctx.db, caller.merchantId, known(id)));
  },
});

const rows = defineRoute({
  method: 'GET',
  path: '/v1/payouts/bulk/{id}/rows',
  operationId: 'listBulkRows',
  tag: 'Payouts',
  scope: 'payouts:read',
  limit: 'reads',
  summary: 'What became of each row',
  params,
  query: z.strictObject({
    status: input.word(['waiting', 'refused', ...STATE_NAMES] as [RowStatus, ...RowStatus[]]).optional(),
    ...paging,
  }),
  responses: { 200: { description: 'A page, in the order of the file.', schema: listOf(views.bulkRow) } },
  async handler({ ctx, caller: { merchantId }, params: { id }, query }) {
    await viewBulk(ctx.db, merchantId, known(id));
    const place = { list: `bulk:${id}`, merchantId };
    const after = Number(openCursor(ctx, place, query.cursor) ?? 0);
    const { status, limit } = query;
    const found = await reportRows(ctx, {
      bulkId: id,
      after,
      limit: limit + 1,
      ...(status === undefined ? {} : { status }),
    });
    const { page, last } = pageOf(found, limit);
    return json(200, { data: page, nextCursor: sealCursor(ctx, place, last === null ? null : String(last.row)) });
  },
});

/** Rows asked for at once while a report is sent. */
const REPORT_PAGE = 500;
const REPORT_COLUMNS = [
  'row',
  'status',
  'transactionId',
  'reference',
  'amount',
  'currency',
  'fee',
  'field',
  'code',
  'message',
];

const REPORT = `${REPORT_COLUMNS.join(',')}\r
9,refused,,SAL-9,,,,reference,duplicate_in_file,It repeats row 7.\r
`;

const report = defineRoute({
  method: 'GET',
  path: '/v1/payouts/bulk/{id}/report',
  operationId: 'getBulkReport',
  tag: 'Payouts',
  scope: 'payouts:read',
  limit: 'reads',
  summary: 'The report on every row, as CSV',
  description: `The columns are ${REPORT_COLUMNS.map((name) => `\`${name}\``).join(', ')}; a row with several errors has a line for each. Cells that a spreadsheet could take for a formula begin with an apostrophe.`,
  params,
  responses: { 200: { description: 'The file.', contentType: 'text/csv', schema: z.string(), example: REPORT } },
  async handler({ ctx, caller, params: { id } }) {
    await viewBulk(ctx.db, caller.merchantId, known(id));
    let after = 0;
    const next = async () => {
      const found = await reportRows(ctx, { bulkId: id, after, limit: REPORT_PAGE });
      after = found.at(-1)?.row ?? after;
      return found.flatMap(({ errors, row, status, transactionId, reference, amount, currency, fee }) => {
        const start: readonly Cell[] = [row, status, transactionId, reference, amount, currency, fee];
        if (errors.length === 0) return [[...start, null, null, null]];
        return errors.map(({ field, code, message }) => [...start, field, code, message]);
      });
    };
    const body = csvFile({ header: REPORT_COLUMNS, next });
    return { status: 200, body, contentType: 'text/csv; charset=utf-8', headers: fileHeaders(`bulk-${id}`) };
  },
});

/** Nothing to say yet: it is whatever has failed. */
const retryBody = z.strictObject({}).meta({ id: 'RetryBulk' });

const retry = defineRoute({
  method: 'POST',
  path: '/v1/payouts/bulk/{id}/retry',
  operationId: 'retryBulk',
  tag: 'Payouts',
  scope: 'payouts:write',
  limit: 'money',
  summary: 'Try the failed rows once more',
  description:
    'Makes a new payout of every row whose payout is `failed`: certainly not executed. Rows that are settled, under way, in review or cancelled are left alone. Priced, and its money taken, as of now.',
  params,
  body: retryBody,
  examples: { failed: { summary: 'Whatever has failed', value: {} } },
  idempotent: true,
  responses: {
    202: { description: 'How many rows are tried again, and which could not be.', schema: views.retriedBulk },
  },
  refusals: { 409: { code: 'conflict', description: 'It is being cancelled.' } },
  async handler({ ctx, caller, idempotent, params: { id } }) {
    return retryBulk(ctx, caller, idempotent, known(id));
  },
});

const cancel = defineRoute({
  method: 'POST',
  path: '/v1/payouts/bulk/{id}/cancel',
  operationId: 'cancelBulk',
  tag: 'Payouts',
  scope: 'payouts:write',
  limit: 'money',
  summary: 'Cancel what has not been sent',
  description:
    'Rows that wait are cancelled at once, payouts one by one within seconds; what may have been sent goes on.',
  params,
  responses: { 202: { description: 'The bulk as it stands; ask again for its end.', schema: views.bulk } },
  async handler({ ctx, caller, params: { id } }) {
    return json(202, await cancelBulk(ctx, caller, known(id)));
  },
});

function known(id: string): string {
  if (!isId('bulk', id)) throw new NotFound();
  return id;
}

export const bulkPayoutRoutes = [create, list, read, rows, report, retry, cancel];
