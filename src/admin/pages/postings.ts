// Postings as a table: all lines of one entry, or the latest on one account.
import { html } from 'hono/html';
import type { Context } from '../../context.ts';
import { runAlone } from '../../db/knex.ts';
import { link, money, text, time } from '../panels/cell.ts';
import { cellHtml } from './cell.ts';
import type { Html } from './layout.ts';

interface Line {
  readonly accountId: string;
  readonly entryId: string;
  readonly kind: string;
  readonly postedAt: Date;
  readonly amount: bigint;
  readonly balanceAfter: bigint | null;
}

const COLUMNS = `p.account_id AS "accountId", p.entry_id AS "entryId", e.kind, e.posted_at AS "postedAt", p.amount,
  p.balance_after AS "balanceAfter"`;

const OF_ENTRY = {
  name: 'postings_of_entry',
  text: `SELECT ${COLUMNS} FROM postings p JOIN journal_entries e ON e.id = p.entry_id WHERE p.entry_id = $1 ORDER BY p.line`,
};
const OF_WALLET_ACCOUNT = {
  name: 'latest_postings_of_wallet_account',
  text: `SELECT ${COLUMNS} FROM postings p JOIN journal_entries e ON e.id = p.entry_id
    WHERE p.account_id = $1 AND p.balance_after IS NOT NULL ORDER BY p.account_id DESC, p.id DESC LIMIT 50`,
};
// In the order of their database transactions, which is that of time up to what ran at the same moment.
const OF_SYSTEM_ACCOUNT = {
  name: 'latest_postings_of_system_account',
  text: `SELECT ${COLUMNS} FROM postings p JOIN journal_entries e ON e.id = p.entry_id
    WHERE p.account_id = $1 AND p.balance_after IS NULL ORDER BY p.account_id DESC, p.xact DESC LIMIT 50`,
};

export async function postingsOf(
  ctx: Context,
  base: string,
  of: ({ readonly entry: string } | { readonly account: string }) & { readonly currency: string },
): Promise<Html> {
  if ('entry' in of) {
    const lines = await runAlone<Line>(ctx.db, OF_ENTRY, [of.entry]);
    return html`<section class="related"><h2>Postings</h2>${table(base, of.currency, lines, 'account')}</section>`;
  }
  const statement = of.account.startsWith('wa') ? OF_WALLET_ACCOUNT : OF_SYSTEM_ACCOUNT;
  const lines = await runAlone<Line>(ctx.db, statement, [of.account]);
  return html`<section class="related"><h2>Latest postings</h2>
    ${lines.length === 0 ? html`<p class="quiet">Nothing was booked here yet.</p>` : table(base, of.currency, lines, 'entry')}</section>`;
}

function table(base: string, currency: string, lines: readonly Line[], by: 'account' | 'entry'): Html {
  const withBalance = lines.some((line) => line.balanceAfter !== null);
  return html`<div class="scroll"><table><thead><tr>
    ${by === 'account' ? html`<th scope="col">Account</th>` : html`<th scope="col">Posted</th><th scope="col">Entry</th><th scope="col">Kind</th>`}
    <th scope="col" class="right">Amount</th>${withBalance ? html`<th scope="col" class="right">Balance after</th>` : ''}</tr></thead>
    <tbody>${lines.map(
      (line) => html`<tr>
      ${
        by === 'account'
          ? html`<td>${cellHtml(base, link('accounts', line.accountId))}</td>`
          : html`<td>${cellHtml(base, time(line.postedAt))}</td><td>${cellHtml(base, link('entries', line.entryId))}</td><td>${cellHtml(base, text(line.kind))}</td>`
      }
      <td class="right">${cellHtml(base, money(line.amount, currency))}</td>
      ${withBalance ? html`<td class="right">${cellHtml(base, money(line.balanceAfter, currency))}</td>` : ''}</tr>`,
    )}</tbody></table></div>`;
}
