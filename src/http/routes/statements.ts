// Statements of wallets: by pages as JSON, and whole as CSV.
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { csvFile, fileHeaders } from '../../csv.ts';
import { NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import { boundsOf, type Span, type StatementLine, statement } from '../../ledger/statement.ts';
import { findWallet } from '../../merchants/wallet.ts';
import { formatAmount } from '../../money.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import * as input from '../inputs.ts';
import { pageOf, paging, readSpan } from '../query.ts';
import * as views from '../views.ts';

const span = {
  from: input.instant.optional().meta({ description: 'Posted at or after.' }),
  to: input.instant.optional().meta({ description: 'Posted before.' }),
};

async function walletOf(ctx: Context, merchantId: string, id: string) {
  if (!isId('wallet', id)) throw new NotFound();
  return findWallet(ctx.db, merchantId, id);
}

function view({ at, entryId, reference, kind, transactionId, account, amountMinor, balanceMinor }: StatementLine) {
  const [amount, balance] = [formatAmount(amountMinor), formatAmount(balanceMinor)];
  return { at: at.toISOString(), entryId, reference, kind, transactionId, account, amount, balance };
}

const readPage = defineRoute({
  method: 'GET',
  path: '/v1/wallets/{id}/statement',
  operationId: 'getWalletStatement',
  tag: 'Wallets',
  scope: 'wallets:read',
  limit: 'reads',
  summary: "A wallet's postings with their running balance, newest first",
  params: z.strictObject({ id: views.walletId }),
  query: z.strictObject({ ...span, ...paging }),
  responses: { 200: { description: 'A page.', schema: views.listOf(views.statementLine) } },
  async handler({ ctx, caller, params, query }) {
    const given: Span = readSpan(query);
    const { id } = await walletOf(ctx, caller.merchantId, params.id);
    const place = { list: `statement:${id}`, merchantId: caller.merchantId };
    const position = openCursor(ctx, place, query.cursor);
    const before = position === undefined ? null : BigInt(position);
    const bounds = await boundsOf(ctx.db, id, given);
    const lines = await statement(ctx.db, { walletId: id, before, bounds, limit: query.limit + 1 });
    const { page, last } = pageOf(lines, query.limit);
    const nextCursor = sealCursor(ctx, place, last === null ? null : String(last.position));
    return json(200, { data: page.map(view), nextCursor });
  },
});

/** Lines asked for at once while a file is sent. */
const FILE_PAGE = 500;
const COLUMNS = ['at', 'account', 'kind', 'amount', 'balance', 'currency', 'transactionId', 'reference', 'entryId'];

const FILE = `${COLUMNS.join(',')}\r
2026-11-23T08:00:00.000Z,held,hold,1030,1030,UGX,po01KAB3R7W2Q8N4YV5T6X9ZCDEF,po01KAB3R7W2Q8N4YV5T6X9ZCDEF:hold,je01KAB3R7W2Q8N4YV5T6X9ZCDEF\r
`;

const readFile = defineRoute({
  method: 'GET',
  path: '/v1/wallets/{id}/statement.csv',
  operationId: 'getWalletStatementFile',
  tag: 'Wallets',
  scope: 'wallets:read',
  limit: 'reads',
  summary: "A wallet's statement as a CSV file, newest first",
  description: `All of it, or what was posted in a span. The columns are ${COLUMNS.map((name) => `\`${name}\``).join(', ')}. Cells that a spreadsheet could take for a formula begin with an apostrophe; amounts are plain numbers.`,
  params: z.strictObject({ id: views.walletId }),
  query: z.strictObject(span),
  responses: { 200: { description: 'The file.', contentType: 'text/csv', schema: z.string(), example: FILE } },
  async handler({ ctx, caller, params, query }) {
    const given = readSpan(query);
    const { id, currency } = await walletOf(ctx, caller.merchantId, params.id);
    const bounds = await boundsOf(ctx.db, id, given);
    let before: bigint | null = null;
    const next = async () => {
      const lines: StatementLine[] = await statement(ctx.db, { walletId: id, before, bounds, limit: FILE_PAGE });
      before = lines.at(-1)?.position ?? before;
      return lines.map(view).map((line) => {
        const { at, account, kind, amount, balance, transactionId, reference, entryId } = line;
        return [at, account, kind, amount, balance, currency, transactionId, reference, entryId];
      });
    };
    const body = csvFile({ header: COLUMNS, next });
    return { status: 200, body, contentType: 'text/csv; charset=utf-8', headers: fileHeaders(`statement-${id}`) };
  },
});

export const statementRoutes = [readPage, readFile];
