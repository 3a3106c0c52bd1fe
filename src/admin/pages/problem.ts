// A page for what went wrong, with the way back.
import { html } from 'hono/html';
import type { Session } from '../session.ts';
import { type Html, page } from './layout.ts';

export function problemPage(of: { base: string; session: Session | null; title: string; sentence: string }): Html {
  const { base, session, title, sentence } = of;
  const content = html`<section class="card narrow">
    <h1>${title}</h1>
    <p>${sentence}</p>
    <p><a href="${base}">Back to the console</a></p>
  </section>`;
  return page({ title, base, session, content });
}
