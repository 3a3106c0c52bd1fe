// The routes of every action: asking, showing what it would do, doing exactly that.
import type { Hono } from 'hono';
import { type Actor, audit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { inTransaction } from '../../db/knex.ts';
import { Forbidden, InvalidRequest, NotFound, PaymentsError, Refused } from '../../errors.ts';
import { digest } from '../../vault.ts';
import type { Action, Carried, Effect, Outline } from '../actions/action.ts';
import { actionOf } from '../actions/all.ts';
import { type AdminContext, type AdminEnv, readOwnForm, say } from '../browser.ts';
import { actorOf, type Desk, frameOf } from '../desk.ts';
import { askPage, donePage, previewPage } from '../pages/action.ts';
import type { AnyPanel } from '../panels/panel.ts';
import { readRow } from '../panels/read.ts';
import { insistOn, mustConfirm } from '../permissions.ts';
import { takesSecond } from '../proposals/limit.ts';
import { hasSecond, openProposal } from '../proposals/proposal.ts';
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
      const actor = actorOf(c);
      const effect = await about.action.preview(ctx, { row: about.row, input, actor });
      const isProposed = await takesTwo(ctx, about.action, actor, effect);
      const outline = outlineOf(effect.outline, input, isProposed);
      const { administratorId } = c.get('session');
      const isLonely = isProposed && !(await hasSecond(ctx, { administratorId, permission: about.action.permission }));
      const shown = { effect, input, isProposed, isLonely, reason: '', problem: null, outline };
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
    const isProposed = await takesTwo(ctx, about.action, order.actor, effect);
    if (outlineOf(effect.outline, input, isProposed) !== form['outline'])
      throw new InvalidRequest([], {
        code: 'changed_meanwhile',
        message: 'It has changed since it was shown, and nothing was done. Look at it again.',
        status: 409,
      });
    const nevertheless = form['nevertheless'] === 'yes';
    if (effect.against && !nevertheless)
      throw new Refused('against_the_provider', `${effect.against}. Tick the box if that is known, and wrong.`);
    const carried = { ...order, reason, nevertheless, outline: effect.outline, moves: effect.moves ?? new Map() };
    if (isProposed) {
      const id = await propose(ctx, about, { ...carried, second: null }, effect);
      say(c, desk.config, 'It is proposed. Nothing was done yet: somebody else has to confirm it.');
      return c.redirect(`${base}/proposals/${id}`, 303);
    }
    const done = await about.action.carryOut(ctx, { ...carried, second: null });
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
const outlineOf = (outline: Outline, input: Readonly<Record<string, string>>, isProposed: boolean) =>
  digest(JSON.stringify([outline, input, isProposed])).toString('base64url');

/** Whether it is proposed only, for another person to confirm. */
const takesTwo = async (ctx: Context, { needsLimit }: Action, { actor }: Actor, effect: Effect): Promise<boolean> =>
  effect.takesTwo === true || takesSecond(ctx.db, { actor, moves: effect.moves ?? new Map(), needsLimit });

/** Writes down what was shown, for a second person, with its audit row. Gives the proposal's id. */
function propose(ctx: Context, { panel, row, action }: Opened, of: Carried, effect: Effect): Promise<string> {
  const { actor, input, nevertheless, reason, outline, moves } = of;
  const subject = panel.id(row);
  const asked = { panel: panel.path, subject, action: action.name };
  const { clientAddress } = actor;
  const by = { administratorId: actor.actor.slice('admin:'.length), clientAddress };
  const shown = { input, nevertheless, reason, outline, moves, sentences: effect.sentences };
  return inTransaction(ctx.db, async (trx) => {
    const id = await openProposal(trx, { ...asked, ...shown, ...by }, ctx.config.PROPOSAL_PATIENCE_MS);
    await audit(trx, { ...actor, action: 'proposals.open', subject: id, reason, detail: { ...asked, input } });
    return id;
  });
}
