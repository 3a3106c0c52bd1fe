// The routes of every action: asking, showing what it would do, doing exactly that.
import type { Hono } from 'hono';
import { Forbidden, InvalidRequest, NotFound, PaymentsError } from '../../errors.ts';
import { digest } from '../../vault.ts';
import type { Action } from '../actions/action.ts';
import { actionOf } from '../actions/all.ts';
import { type AdminContext, type AdminEnv, readOwnForm, say } from '../browser.ts';
import { actorOf, type Desk, frameOf } from '../desk.ts';
import { askPage, donePage, previewPage } from '../pages/action.ts';
import type { AnyPanel } from '../panels/panel.ts';
import { readRow } from '../panels/read.ts';
import { insistOn, mustConfirm } from '../permissions.ts';
import { open } from './panels.ts';

const REASON_LENGTH = 500;

interface Opened {
  readonly panel: AnyPanel;
  readonly action: Action;
  readonly row: Record<string, unknown>;
}

export function actionRoutes(app: Hono<AdminEnv>, desk: Desk): void {
  const { ctx, base } = desk;

  app.get('/:panel/:id/do/:action', async (c) => {
    const about = await openAction(desk, c);
    if (mustBeConfirmed(c, about.action))
      return c.redirect(`${base}/confirm?next=${encodeURIComponent(c.req.path)}`, 303);
    const frame = frameOf(desk, c);
    const fields = about.action.fields?.(about.row) ?? [];
    const input = inputOf(fields, (name) => c.req.query(name));
    if (fields.length > 0 && c.req.query('shown') === undefined)
      return c.html(askPage(frame, about, { fields, input, problem: null }));
    try {
      const effect = await about.action.preview(ctx, { row: about.row, input, actor: actorOf(c) });
      const shown = { effect, input, reason: '', problem: null, outline: outlineOf(effect.outline, input) };
      return c.html(previewPage(frame, about, shown));
    } catch (error) {
      if (!(error instanceof PaymentsError) || error.status === 500 || fields.length === 0) throw error;
      return c.html(askPage(frame, about, { fields, input, problem: error.message }), error.status as 400);
    }
  });

  app.post('/:panel/:id/do/:action', async (c) => {
    const about = await openAction(desk, c);
    const form = await readOwnForm(c);
    if (mustBeConfirmed(c, about.action))
      throw new Forbidden('Confirm that it is you first: open the page of this action again.', 'confirm_first');
    const reason = (form['reason'] ?? '').trim();
    if (reason === '' || reason.length > REASON_LENGTH)
      throw InvalidRequest.field('reason', 'reason_missing', `Say why, in 1 to ${REASON_LENGTH} characters.`);
    const input = inputOf(about.action.fields?.(about.row) ?? [], (name) => form[name]);
    const order = { row: about.row, input, actor: actorOf(c) };
    // What is carried out is held against what was shown: worked out anew, from the world as it is now.
    const effect = await about.action.preview(ctx, order);
    if (outlineOf(effect.outline, input) !== form['outline'])
      throw new InvalidRequest([], {
        code: 'changed_meanwhile',
        message: 'It has changed since it was shown, and nothing was done. Look at it again.',
        status: 409,
      });
    const done = await about.action.carryOut(ctx, {
      ...order,
      reason,
      nevertheless: form['nevertheless'] === 'yes',
      outline: effect.outline,
    });
    if (done.shownOnce !== undefined) return c.html(donePage(frameOf(desk, c), about, done));
    say(c, desk.config, done.sentence);
    const id = done.leadsTo ?? about.panel.id(about.row);
    return c.redirect(`${base}/${about.panel.path}/${encodeURIComponent(id)}`, 303);
  });
}

/** Raises NotFound, and Forbidden where the permission is missing: for the action, whatever its row is like. */
async function openAction(desk: Desk, c: AdminContext): Promise<Opened> {
  const panel = open(c);
  const action = actionOf(panel.path, c.req.param('action') ?? '');
  if (action === null) throw new NotFound('There is no such page.');
  insistOn(c.get('session').role, action.permission);
  const row = await readRow(desk.ctx, panel, c.req.param('id') ?? '');
  if (row === null) throw new NotFound(`There is no such ${panel.one.toLowerCase()}.`);
  if (!action.fits(row))
    throw new InvalidRequest([], {
      code: 'does_not_fit',
      message: 'As things are, there is nothing like that to do here.',
      status: 409,
    });
  return { panel, action, row };
}

const mustBeConfirmed = (c: AdminContext, action: Action) =>
  mustConfirm(action.permission) && !c.get('session').confirmed;

function inputOf(fields: readonly { readonly name: string }[], read: (name: string) => string | undefined) {
  const given = fields.flatMap(({ name }) => {
    const value = read(name)?.trim().slice(0, 100);
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}

/** A digest: what was shown may be long, and nobody has to read this part of it. */
const outlineOf = (outline: string, input: Readonly<Record<string, string>>) =>
  digest(JSON.stringify([outline, input])).toString('base64url');
