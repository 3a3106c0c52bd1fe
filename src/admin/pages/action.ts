// The pages of an action: what it asks for, what it would do, and what it did where that is shown only once.
import { html } from 'hono/html';
import type { Action, Done, Effect, Field } from '../actions/action.ts';
import { link, money } from '../panels/cell.ts';
import type { AnyPanel } from '../panels/panel.ts';
import { cellHtml, factsHtml, short } from './cell.ts';
import { type Frame, type Html, page, tokenField } from './layout.ts';

type Input = Readonly<Record<string, string>>;

interface About {
  readonly panel: AnyPanel;
  readonly action: Action;
  readonly row: Record<string, unknown>;
}

const addressOf = (base: string, { panel, row }: About) => `${base}/${panel.path}/${encodeURIComponent(panel.id(row))}`;

function frameOf(frame: Frame, about: About, content: Html): Html {
  const { panel, action, row } = about;
  const { title } = panel.heading(row);
  return page(frame, {
    title: `${action.label}: ${title}`,
    here: panel.path,
    content: html`<nav class="crumbs" aria-label="Where you are"><a href="${frame.base}/${panel.path}">${panel.title}</a>
      <a href="${addressOf(frame.base, about)}">${title} <code>${panel.id(row)}</code></a></nav>
      <section class="card form"><h1>${action.label}</h1>${content}</section>`,
  });
}

/** Asks for what the action needs to know before it can say what it would do. */
export function askPage(
  frame: Frame,
  about: About,
  of: { fields: readonly Field[]; input: Input; problem: string | null },
): Html {
  return frameOf(
    frame,
    about,
    html`${of.problem === null ? '' : html`<p class="problem" role="alert">${of.problem}</p>`}
    <form method="get" action="${addressOf(frame.base, about)}/do/${about.action.name}">
      ${of.fields.map((field) => fieldHtml(field, of.input[field.name] ?? field.value ?? ''))}
      <button name="shown" value="1">Show what it would do</button>
      <a class="button quiet" href="${addressOf(frame.base, about)}">Leave it</a>
    </form>`,
  );
}

function fieldHtml(field: Field, value: string): Html {
  if (field.kind === 'carried') return html`<input type="hidden" name="${field.name}" value="${value}">`;
  const id = `field-${field.name}`;
  const control =
    field.options === undefined
      ? html`<input id="${id}" name="${field.name}" value="${value}" maxlength="100" ${field.kind === 'moment' ? html`type="datetime-local"` : ''} ${field.required ? 'required' : ''}>`
      : html`<select id="${id}" name="${field.name}" ${field.required ? 'required' : ''}><option value="">choose…</option>${field.options.map(
          ([name, label]) => html`<option value="${name}" ${name === value ? 'selected' : ''}>${label}</option>`,
        )}</select>`;
  return html`<label for="${id}">${field.label}</label>${control}${field.hint === undefined ? '' : html`<p class="hint">${field.hint}</p>`}`;
}

interface Previewed {
  readonly effect: Effect;
  readonly input: Input;
  /** It takes two people: this one proposes it. */
  readonly isProposed: boolean;
  /** There is nobody else who could confirm it. */
  readonly isLonely: boolean;
  readonly reason: string;
  readonly problem: string | null;
  readonly outline: string;
}

/** Shows exactly what would happen, and asks why. */
export function previewPage(frame: Frame, about: About, of: Previewed): Html {
  const { effect, input } = of;
  const { base } = frame;
  const against = effect.against ?? null;
  return frameOf(
    frame,
    about,
    html`${of.problem === null ? '' : html`<p class="problem" role="alert">${of.problem}</p>`}
    ${effect.sentences.map((sentence) => html`<p>${sentence}</p>`)}
    ${
      of.isProposed
        ? html`<p class="notice two">This takes two people. You propose it; it is done when somebody else confirms it, exactly as shown.
      ${of.isLonely ? 'Nobody else may confirm it yet. Let such a person in first: cli admins invite' : ''}</p>`
        : ''
    }
    ${effect.facts === undefined ? '' : factsHtml(base, effect.facts)}
    ${effect.entries === undefined ? '' : entriesHtml(base, effect.entries)}
    <form method="post" action="${addressOf(base, about)}/do/${about.action.name}">
      ${tokenField(frame)}
      <input type="hidden" name="outline" value="${of.outline}">
      ${Object.entries(input).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
      ${
        against === null
          ? ''
          : html`<p class="problem" role="alert">${against}.</p>
            <label class="check"><input type="checkbox" name="nevertheless" value="yes"> That is known, and wrong: do it nevertheless.</label>`
      }
      <label for="reason">Why</label>
      <textarea id="reason" name="reason" rows="2" maxlength="500" required autofocus>${of.reason}</textarea>
      <p class="hint">For somebody who was not there. It goes into the audit log.</p>
      <button class="${about.action.isGrave ? 'grave' : ''}">${of.isProposed ? `Propose: ${about.action.label.toLowerCase()}` : about.action.label}</button>
      <a class="button quiet" href="${addressOf(base, about)}">Leave it</a>
    </form>`,
  );
}

function entriesHtml(base: string, entries: NonNullable<Effect['entries']>): Html {
  if (entries.length === 0) return html`<p class="quiet">Nothing would be posted.</p>`;
  return html`<h2 class="apart">What would be posted</h2><div class="scroll"><table><thead><tr><th scope="col" class="wide">Entry</th><th scope="col">Account</th>
    <th scope="col" class="right">Amount</th></tr></thead><tbody>${entries.flatMap((entry) =>
      entry.postings.map(
        (
          [account, minor],
          at,
        ) => html`<tr><td class="wide">${at === 0 ? html`<code title="${entry.reference}">${short(entry.reference)}</code>` : ''}</td>
          <td>${cellHtml(base, link('accounts', account), { whole: true })}</td>
          <td class="right">${cellHtml(base, money(minor, entry.currency))}</td></tr>`,
      ),
    )}</tbody></table></div>`;
}

/** What is shown this once. */
export function donePage(frame: Frame, about: About, done: Done): Html {
  return frameOf(
    frame,
    about,
    html`<p class="notice" role="status">${done.sentence}</p>${factsHtml(frame.base, done.shownOnce ?? [])}
    <p><a class="button" href="${addressOf(frame.base, about)}">Back</a></p>`,
  );
}
