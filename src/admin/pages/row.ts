// The page of one row of any panel: what it is, its facts, what belongs to it, and what can be done with it.
import { html } from 'hono/html';
import type { Action } from '../actions/action.ts';
import type { AnyPanel } from '../panels/panel.ts';
import { cellHtml, factsHtml } from './cell.ts';
import { type Frame, type Html, page } from './layout.ts';
import { tableHtml } from './list.ts';

type Row = Record<string, unknown>;

export interface Shown {
  readonly row: Row;
  /** Those that fit the row and that its reader may take. */
  readonly actions: readonly Action[];
  readonly related: readonly { title: string; panel: AnyPanel; query: string; rows: readonly Row[]; more: boolean }[];
  readonly extra: Html | null;
  /** What was just done, when the page is where an action led to. */
  readonly done: string | null;
}

export function rowPage(frame: Frame, panel: AnyPanel, of: Shown): Html {
  const { base } = frame;
  const { title, badge } = panel.heading(of.row);
  const id = panel.id(of.row);
  const meaning = panel.meaning?.(of.row) ?? null;
  const content = html`<nav class="crumbs" aria-label="Where you are"><a href="${base}/${panel.path}">${panel.title}</a></nav>
    ${of.done === null ? '' : html`<p class="notice" role="status">${of.done}</p>`}
    <div id="live">
    <div class="title"><div><h1>${title} ${badge === undefined ? '' : cellHtml(base, badge)}</h1>
      <p><code class="whole">${id}</code> <button class="copy plain" type="button" data-copy="${id}" hidden>Copy</button></p></div>
      ${buttons(base, panel, id, of.actions)}</div>
    ${meaning === null ? '' : html`<p class="meaning">${meaning}</p>`}
    <div class="cards">${panel.sections.map(
      (section) =>
        html`<section class="card"><h2>${section.title}</h2>${factsHtml(base, section.facts(of.row))}</section>`,
    )}</div>
    ${of.extra ?? ''}
    </div>
    ${of.related.map(
      (one) => html`<section class="related"><div class="title"><h2>${one.title}</h2>
      ${one.more ? html`<a href="${base}/${one.panel.path}?${one.query}">See all</a>` : ''}</div>
      ${one.rows.length === 0 ? html`<p class="quiet">None.</p>` : tableHtml(base, one.panel.columns, one.rows)}</section>`,
    )}`;
  return page(frame, { title: `${panel.one} ${id}`, here: panel.path, content });
}

function buttons(base: string, panel: AnyPanel, id: string, actions: readonly Action[]): Html {
  if (actions.length === 0) return html``;
  return html`<div class="actions">${actions.map(
    (action) =>
      html`<a class="button ${action.isGrave ? 'grave' : ''}" href="${base}/${panel.path}/${encodeURIComponent(id)}/do/${action.name}">${action.label}</a>`,
  )}</div>`;
}
