// A page for what went wrong, with the way back.
import { html } from 'hono/html';
import { type Frame, type Html, page } from './layout.ts';

export function problemPage(frame: Frame, of: { title: string; sentence: string }): Html {
  const content = html`<section class="card narrow">
    <h1>${of.title}</h1>
    <p>${of.sentence}</p>
    <p><a href="${frame.base}">Back to the console</a></p>
  </section>`;
  return page(frame, { title: of.title, content });
}
