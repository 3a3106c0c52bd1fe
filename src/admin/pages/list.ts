// The list of any panel: filters, a table, the way to the next page.
import { html } from 'hono/html';
import { type Filtered, hasTime, parametersOf } from '../panels/filters.ts';
import { type Chosen, sortName } from '../panels/order.ts';
import type { AnyPanel, Column, Filter } from '../panels/panel.ts';
import type { Page } from '../panels/read.ts';
import { may } from '../permissions.ts';
import { cellHtml } from './cell.ts';
import { type Frame, type Html, page, tokenField } from './layout.ts';

type Row = Record<string, unknown>;

export interface Listed {
  readonly filtered: Filtered;
  readonly rows: Page;
  readonly by: Chosen;
  readonly isFirst: boolean;
}

export function listPage(frame: Frame, panel: AnyPanel, of: Listed): Html {
  const { base, session } = frame;
  const mayExport = session !== null && may(session.role, 'export');
  const content = html`<div class="title"><div><h1>${panel.title}</h1><p class="quiet">${panel.about}</p></div>
      ${mayExport ? exportForm(frame, panel, of) : ''}</div>
    ${filterForm(base, panel, of)}
    ${of.rows.rows.length === 0 ? nothing(panel, of) : tableHtml(base, panel.columns, of.rows.rows, (column) => headHtml(base, panel, of, column))}
    ${pager(base, panel, of)}`;
  return page(frame, { title: panel.title, here: panel.path, content });
}

/** Rows as a table; the columns say how, and `head` what stands above them. */
export function tableHtml(
  base: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  head: (column: Column<Row>) => Head = ({ name }) => ({ label: name, sorted: null }),
): Html {
  const kind = (column: Column<Row>) =>
    [column.right ? 'right' : '', column.wide ? 'wide' : ''].filter(Boolean).join(' ');
  return html`<div class="scroll"><table><thead><tr>${columns.map((column) => {
    const { label, sorted } = head(column);
    return html`<th scope="col" class="${kind(column)}" ${sorted === null ? '' : html`aria-sort="${sorted}"`}>${label}</th>`;
  })}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${columns.map((column) => html`<td class="${kind(column)}">${cellHtml(base, column.of(row))}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

interface Head {
  readonly label: string | Html;
  readonly sorted: 'ascending' | 'descending' | null;
}

/** A column that the list can be in the order of: its name leads to that order, and from it to the opposite one. */
function headHtml(base: string, panel: AnyPanel, of: Listed, column: Column<Row>): Head {
  const { name, sort } = column;
  if (sort === undefined) return { label: name, sorted: null };
  const ours = sort === true ? null : sortName(column);
  const isChosen = of.by.sort === ours;
  const by = { sort: ours, order: of.by.order, backwards: isChosen && !of.by.backwards };
  const goesUp = (of.by.order.ascending === true) !== of.by.backwards;
  const to = query({ ...of, by }, {});
  return {
    label: html`<a class="order" href="${base}/${panel.path}?${to}">${name}</a>`,
    sorted: isChosen ? (goesUp ? 'ascending' : 'descending') : null,
  };
}

function nothing(panel: AnyPanel, { rows, filtered, isFirst }: Listed): Html {
  const sentence = rows.stopped
    ? 'None among the ten thousand rows that were looked through. There may be some further back.'
    : filtered.given.size === 0 || isFirst
      ? panel.empty
      : 'That was all.';
  return html`<div class="empty"><p>${sentence}</p></div>`;
}

/** The order as the address and the forms of the page have it. */
const orderFields = ({ sort, backwards }: Chosen): Readonly<Record<string, string>> => ({
  ...(sort === null ? {} : { sort }),
  ...(backwards ? { order: 'reversed' } : {}),
});

const orderInputs = (by: Chosen): readonly Html[] =>
  Object.entries(orderFields(by)).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);

function query(of: Listed, more: Readonly<Record<string, string>>): string {
  return new URLSearchParams({ ...Object.fromEntries(of.filtered.given), ...orderFields(of.by), ...more }).toString();
}

function pager(base: string, panel: AnyPanel, of: Listed): Html {
  const { next, stopped } = of.rows;
  const first = query(of, {});
  const turned = query({ ...of, by: { ...of.by, backwards: !of.by.backwards } }, {});
  // Any other order is turned round by its column.
  const isTime = of.by.sort === null && panel.ascending !== true;
  return html`<nav class="pager" aria-label="Pages">
    ${stopped && of.rows.rows.length > 0 ? html`<p class="quiet">These are all among the ten thousand rows that were looked through.</p>` : ''}
    ${next === null ? '' : html`<a class="button" rel="next" href="${base}/${panel.path}?${query(of, { cursor: next })}">${stopped ? 'Look further back' : 'Next page'}</a>`}
    ${of.isFirst ? '' : html`<a class="button quiet" href="${base}/${panel.path}?${first}">First page</a>`}
    ${isTime ? html`<a class="button quiet" href="${base}/${panel.path}?${turned}">${of.by.backwards ? 'Newest' : 'Oldest'} first</a>` : ''}
  </nav>`;
}

function exportForm(frame: Frame, panel: AnyPanel, of: Listed): Html {
  return html`<form method="post" action="${frame.base}/${panel.path}/export">${tokenField(frame)}
    ${[...of.filtered.given].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
    ${orderInputs(of.by)}
    <button class="quiet">Export as CSV</button></form>`;
}

function filterForm(base: string, panel: AnyPanel, of: Listed): Html {
  const { given } = of.filtered;
  const isSet = panel.filters.some((filter) => parametersOf(filter).some((name) => given.has(name)));
  return html`<details class="filters" ${isSet ? 'open' : html`data-open-when-wide`}><summary>Filter</summary>
    <form method="get" action="${base}/${panel.path}">
      ${orderInputs(of.by)}
      ${panel.filters.map((filter) => fieldHtml(filter, given))}
      <div class="field"><button>Filter</button>${isSet ? html`<a class="button quiet" href="${base}/${panel.path}">Clear</a>` : ''}</div>
    </form></details>`;
}

function fieldHtml(filter: Filter, given: ReadonlyMap<string, string>): Html {
  const value = given.get(filter.name) ?? '';
  switch (filter.kind) {
    case 'choice':
      return html`<label class="field">${filter.label}<select name="${filter.name}">
        ${filter.otherwise === undefined ? html`<option value="">any</option>` : ''}
        ${Object.entries(filter.options).map(
          ([name, { label }]) =>
            html`<option value="${name}" ${name === (value || filter.otherwise) ? 'selected' : ''}>${label}</option>`,
        )}</select></label>`;
    case 'days':
      return html`<fieldset class="field days"><legend>${filter.label}</legend>
        ${dayInput(`${filter.name}From`, `${filter.label} from`, given)}
        <span>to</span>
        ${dayInput(`${filter.name}To`, `${filter.label} to`, given)}</fieldset>`;
    case 'text':
      if (filter.hidden)
        return value === ''
          ? html``
          : html`<div class="field">Only ${filter.label}<input type="hidden" name="${filter.name}" value="${value}"></div>`;
      return html`<label class="field">${filter.label}<input name="${filter.name}" value="${value}" maxlength="130" title="${filter.hint}"></label>`;
    case 'amount':
      return html`<label class="field">${filter.label}<input name="${filter.name}" value="${value}" inputmode="decimal" maxlength="16"></label>`;
    default:
      return filter satisfies never;
  }
}

/** A moment, which links of the overview set, is no date that a browser's picker would keep. */
function dayInput(name: string, label: string, given: ReadonlyMap<string, string>): Html {
  const value = given.get(name);
  return html`<input type="${hasTime(value) ? 'text' : 'date'}" name="${name}" aria-label="${label}" value="${value ?? ''}">`;
}
