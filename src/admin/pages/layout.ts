// The frame of every page of the console: head, navigation, search, content. Text is escaped by the template.
import { html } from 'hono/html';
import { PANELS } from '../panels/all.ts';
import { GROUPS } from '../panels/panel.ts';
import { may } from '../permissions.ts';
import type { Session } from '../session.ts';

export type Html = ReturnType<typeof html>;

/** What a page needs to know of whoever looks at it. */
export interface Frame {
  /** Path of the console, such as `/payments/admin`. */
  readonly base: string;
  /** Null: nobody is signed in, and there is no navigation. */
  readonly session: Session | null;
  /** Goes with every form: proves that it came from a page of this session. */
  readonly formToken: string;
  readonly theme: 'light' | 'dark' | null;
}

/** The hidden field without which no form is believed. */
export const tokenField = (frame: Frame): Html => html`<input type="hidden" name="token" value="${frame.formToken}">`;

/** A whole page. `here` is the path of its entry in the navigation. */
export function page(frame: Frame, of: { title: string; here?: string; content: Html }): Html {
  const { base, session, theme } = frame;
  return html`<!doctype html>
<html lang="en" ${theme === null ? '' : html`data-theme="${theme}"`}>
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <meta name="color-scheme" content="${theme ?? 'light dark'}">
  <title>${of.title} · Payments console</title>
  <link rel="stylesheet" href="${base}/style.css">
  <link rel="icon" href="data:,">
  <script src="${base}/console.js" defer></script>
</head>
<body ${session === null ? 'class=alone' : ''}>
  ${session === null ? '' : html`<a class="skip" href="#content">To the content</a>${top(frame, session)}${navigation(frame, session, of.here)}`}
  <main id="content">${of.content}</main>
</body>
</html>`;
}

function top(frame: Frame, session: Session): Html {
  const { base } = frame;
  return html`<header>
    <a class="brand" href="${base}">Payments console</a>
    <form class="search" method="post" action="${base}/search" role="search">
      ${tokenField(frame)}
      <input name="q" type="search" aria-label="Search" required maxlength="130" autocomplete="off" data-shortcut="/"
        placeholder="Id, reference, phone or its last four digits">
    </form>
    <div class="who"><a href="${base}/account" title="Account">${session.email}</a> <span class="quiet">${session.role}</span>
      <form method="post" action="${base}/logout">${tokenField(frame)}<button class="plain">Sign out</button></form></div>
  </header>`;
}

function navigation({ base }: Frame, session: Session, here: string | undefined): Html {
  const waiting = may(session.role, 'proposals.confirm') ? session.proposals : 0;
  const entry = (path: string, title: string) =>
    html`<li><a href="${path === '' ? base : `${base}/${path}`}" ${path === here ? html`aria-current="page"` : ''}>${title}${
      path === 'proposals' && waiting > 0
        ? html` <span class="badge warn" title="${waiting} waiting for a second person">${waiting}</span>`
        : ''
    }</a></li>`;
  const open = PANELS.filter((panel) => may(session.role, panel.permission));
  return html`<nav aria-label="Sections"><details open><summary>Menu</summary><ul>${entry('', 'Overview')}</ul>${GROUPS.map(
    (group) => html`<h2>${group}</h2><ul>
      ${open.filter((panel) => panel.group === group).map((panel) => entry(panel.path, panel.title))}
      ${group === 'Operations' ? entry('queues', 'Queues') : ''}</ul>`,
  )}</details></nav>`;
}
