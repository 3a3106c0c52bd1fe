// What a proposal pins: each thing that must still be so when it is confirmed, as it was when it was proposed.
import { html } from 'hono/html';
import { short } from './cell.ts';
import type { Html } from './layout.ts';

const shorter = (words: string) => words.split(' ').map(short).join(' ');

export function outlineHtml(outline: Readonly<Record<string, string>>): Html {
  return html`<section class="related"><h2>Exactly this</h2>
    <p class="quiet">It is done as long as every line is still so when somebody confirms it. Else nothing is, and the difference is told.</p>
    <div class="scroll"><table><thead><tr><th scope="col">What</th><th scope="col">As it was shown</th></tr></thead>
    <tbody>${Object.entries(outline).map(
      ([name, value]) => html`<tr><td title="${name}">${shorter(name)}</td><td>${shorter(value)}</td></tr>`,
    )}</tbody></table></div></section>`;
}
