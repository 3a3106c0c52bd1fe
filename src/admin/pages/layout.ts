// The frame of every page of the console: head, navigation, content. Text is escaped by the template; there are no scripts.
import { html } from 'hono/html';
import type { Session } from '../session.ts';

export type Html = ReturnType<typeof html>;

/** A whole page. `session` null: nobody is signed in, and there is no navigation. */
export function page(of: {
  title: string;
  /** Path of the console, such as `/payments/admin`. */
  base: string;
  session: Session | null;
  content: Html;
}): Html {
  const { title, base, session, content } = of;
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <meta name="color-scheme" content="light dark">
  <title>${title} · Payments console</title>
  <link rel="stylesheet" href="${base}/style.css">
  <link rel="icon" href="data:,">
</head>
<body>
  ${session === null ? '' : navigation(base, session)}
  <main>${content}</main>
</body>
</html>`;
}

function navigation(base: string, session: Session): Html {
  return html`<header>
    <strong>Payments console</strong>
    <nav aria-label="Sections"><a href="${base}/queues">Queues</a><a href="${base}/account">Account</a></nav>
    <span class="who">${session.email} <span class="quiet">${session.role}</span></span>
    <form method="post" action="${base}/logout"><button class="plain">Sign out</button></form>
  </header>`;
}
