// The routes of every panel: its list, its CSV, the page of one row; and the search, which leads to one of them.
import type { Hono } from 'hono';
import { audit } from '../../audit/audit.ts';
import { inTransaction } from '../../db/knex.ts';
import { NotFound, RateLimited } from '../../errors.ts';
import { accountFingerprints } from '../../merchants/person.ts';
import { fittingActions } from '../actions/all.ts';
import { type AdminContext, type AdminEnv, readOwnForm, takeSaid } from '../browser.ts';
import { actorOf, type Desk, frameOf } from '../desk.ts';
import { listPage } from '../pages/list.ts';
import { rowPage } from '../pages/row.ts';
import { panelOf } from '../panels/all.ts';
import { csvOf } from '../panels/csv.ts';
import { readFilters } from '../panels/filters.ts';
import { ownOrder, readOrder } from '../panels/order.ts';
import type { AnyPanel } from '../panels/panel.ts';
import { readAll, readPage, readRow } from '../panels/read.ts';
import { PANELS } from '../panels/vocabulary.ts';
import { insistOn, may } from '../permissions.ts';

const ROWS = 50;
const RELATED_ROWS = 10;
/** More than anybody reads, less than what would hold a connection for the night. */
const EXPORT_ROWS = 1_000_000;
const EXPORTS_AT_ONCE = 2;

export function panelRoutes(app: Hono<AdminEnv>, desk: Desk): void {
  const { ctx, base } = desk;
  let exports = 0;

  app.post('/search', async (c) => {
    const { q = '' } = await readOwnForm(c);
    return c.redirect(`${base}/${wanted(desk, q.trim())}`, 303);
  });

  app.get('/:panel', async (c) => {
    const panel = open(c);
    const filtered = readFilters(panel, (name) => c.req.query(name));
    const by = readOrder(panel, (name) => c.req.query(name), filtered.conditions);
    const after = c.req.query('cursor') ?? null;
    const rows = await readPage(ctx, panel, { conditions: filtered.conditions, after, limit: ROWS, by });
    return c.html(listPage(frameOf(desk, c), panel, { filtered, rows, by, isFirst: after === null }));
  });

  app.post('/:panel/export', async (c) => {
    const panel = open(c);
    const form = await readOwnForm(c);
    insistOn(c.get('session').role, 'export');
    const filtered = readFilters(panel, (name) => form[name]);
    const by = readOrder(panel, (name) => form[name], filtered.conditions);
    if (exports >= EXPORTS_AT_ONCE)
      throw new RateLimited('Other exports are running. Try again when they have ended.', 10_000);
    exports += 1;
    let ended = false;
    const end = () => {
      if (!ended) exports -= 1;
      ended = true;
    };
    try {
      // A digest of somebody's account is not for keeping: that one was searched for is enough.
      const hidden = new Set(panel.filters.flatMap((one) => (one.kind === 'text' && one.hidden ? [one.name] : [])));
      const filters = [...filtered.given].map(([name, value]) => [name, hidden.has(name) ? 'searched for' : value]);
      const detail = { panel: panel.path, filters: Object.fromEntries(filters) };
      await inTransaction(ctx.db, (trx) =>
        audit(trx, { ...actorOf(c), action: 'lists.export', subject: null, detail }),
      );
      const pieces = readAll(ctx, panel, { conditions: filtered.conditions, by, most: EXPORT_ROWS });
      return c.body(csvOf(panel, pieces, end), 200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${panel.path}-${new Date().toISOString().slice(0, 10)}.csv"`,
      });
    } catch (error) {
      end();
      throw error;
    }
  });

  app.get('/:panel/:id', async (c) => {
    const panel = open(c);
    const row = await readRow(ctx, panel, c.req.param('id'));
    if (row === null) throw new NotFound(`There is no such ${panel.one.toLowerCase()}.`);
    const session = c.get('session');
    const related = [];
    for (const one of panel.related?.(row) ?? []) {
      const theirs = panelOf(one.panel);
      if (theirs === null || !may(session.role, theirs.permission)) continue;
      const { conditions } = readFilters(theirs, (name) => one.filters[name]);
      const by = { sort: null, order: ownOrder(theirs, conditions), backwards: false };
      const page = await readPage(ctx, theirs, { conditions, after: null, limit: RELATED_ROWS, by });
      const query = new URLSearchParams(one.filters).toString();
      related.push({ title: one.title, panel: theirs, query, rows: page.rows, more: page.next !== null });
    }
    const extra = (await panel.extra?.(ctx, base, row)) ?? null;
    const actions = fittingActions(panel.path, row, session);
    const shown = { row, actions, related, extra, done: takeSaid(c, desk.config) };
    return c.html(rowPage(frameOf(desk, c), panel, shown));
  });
}

/** The panel that the address names. Raises NotFound, and Forbidden for one that this person may not see. */
export function open(c: AdminContext): AnyPanel {
  const panel = panelOf(c.req.param('panel') ?? '');
  if (panel === null) throw new NotFound('There is no such page.');
  insistOn(c.get('session').role, panel.permission);
  return panel;
}

/**
 * Where a search leads: an id to its page, a phone, account or last four digits to the transactions found by their keyed digest
 * (what was typed never stands in an address), and all else to transactions by reference or provider's id.
 */
function wanted({ ctx }: Desk, q: string): string {
  const panel = PANELS.get(q.slice(0, 2));
  if (panel !== undefined && /^[a-z]{2}[0-9A-Z]{26}$/.test(q)) return `${panel}/${q}`;
  const digests = (prints: readonly Buffer[]) => prints.map((print) => print.toString('base64url')).join('.');
  const account = (...texts: string[]) =>
    `transactions?account=${digests(texts.flatMap((text) => [...accountFingerprints(ctx.vault, text)]))}`;
  const phone = q.replace(/[ ()-]/g, '');
  if (/^[0-9]{4}$/.test(q)) return `transactions?ending=${digests(ctx.vault.fingerprints('last_four', q))}`;
  if (/^\+[0-9]{7,15}$/.test(phone)) return account(phone);
  // Digits alone are a bank account, or a phone whose plus was left out.
  if (/^[0-9]{9,20}$/.test(phone)) return account(phone, `+${phone}`);
  if (q.includes('@')) return account(q);
  return `transactions?${new URLSearchParams({ reference: q })}`;
}
