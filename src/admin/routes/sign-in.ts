// The routes of signing in, of proving again to be there, of using an invitation, and of signing out.
import type { Hono } from 'hono';
import { inTransaction } from '../../db/knex.ts';
import { InvalidRequest, NotFound, type PaymentsError, RateLimited, Unauthenticated } from '../../errors.ts';
import { refusal } from '../../limits/limit.ts';
import { addressSubject, limitsOf } from '../../limits/limits.ts';
import { readEmail } from '../administrator.ts';
import {
  type AdminContext,
  type AdminEnv,
  giveToken,
  readForm,
  readOwnForm,
  readToken,
  takeToken,
} from '../browser.ts';
import { clientAddressOf, type Desk, frameOf, inside } from '../desk.ts';
import { acceptInvitation, findInvitation } from '../invitation.ts';
import { codePage, confirmPage, loginPage, welcomePage } from '../pages/login.ts';
import { hashPassword, passwordProblem } from '../password.ts';
import { findHalfSession, findSession, note, openSession, signOut } from '../session.ts';
import { confirmSession, enterCode, signIn } from '../sign-in.ts';

/** What anybody may ask for. */
export function openSignInRoutes(app: Hono<AdminEnv>, desk: Desk): void {
  const { ctx, config, base } = desk;
  app.get('/login', async (c) => {
    const next = inside(desk, c.req.query('next'));
    const token = readToken(c, config);
    if (token !== null && (await findSession(ctx, token, false)) !== null) return c.redirect(next, 303);
    return c.html(loginPage(frameOf(desk, c), { email: '', next, problem: null }));
  });

  app.post('/login', async (c) => {
    const form = await readForm(c);
    const next = inside(desk, form['next']);
    const email = (form['email'] ?? '').slice(0, 254);
    try {
      const login = { email: readEmail(email), password: passwordIn(form), ...originOf(desk, c) };
      await countSignIn(desk, c);
      const { token, needsCode } = await signIn(ctx, login);
      giveToken(c, config, token);
      return c.redirect(needsCode ? `${base}/login/code?next=${encodeURIComponent(next)}` : next, 303);
    } catch (error) {
      const refused = refusedEntry(c, error);
      return c.html(loginPage(frameOf(desk, c), { email, next, problem: refused.message }), refused.status as 400);
    }
  });

  app.get('/login/code', async (c) => {
    const next = inside(desk, c.req.query('next'));
    const half = await findHalfSession(ctx, readToken(c, config) ?? '');
    if (half === null) return c.redirect(`${base}/login`, 303);
    return c.html(codePage(frameOf(desk, c), { next, problem: null }));
  });

  app.post('/login/code', async (c) => {
    const form = await readForm(c);
    const next = inside(desk, form['next']);
    try {
      await countSignIn(desk, c);
      const order = { ...originOf(desk, c), token: readToken(c, config) ?? '', code: codeIn(form) };
      giveToken(c, config, await enterCode(ctx, order));
      return c.redirect(next, 303);
    } catch (error) {
      const refused = refusedEntry(c, error);
      return c.html(codePage(frameOf(desk, c), { next, problem: refused.message }), refused.status as 400);
    }
  });

  app.get('/welcome/:secret', async (c) => {
    await countSignIn(desk, c);
    const invited = await inTransaction(ctx.db, (trx) => findInvitation(trx, c.req.param('secret')));
    if (invited === null) throw new NotFound(NO_INVITATION);
    return c.html(welcomePage(frameOf(desk, c), { email: invited.email, problem: null }));
  });

  app.post('/welcome/:secret', async (c) => {
    await countSignIn(desk, c);
    const form = await readForm(c);
    const secret = c.req.param('secret');
    const invited = await inTransaction(ctx.db, (trx) => findInvitation(trx, secret));
    if (invited === null) throw new NotFound(NO_INVITATION);
    const { id, email } = invited;
    const chosen = passwordIn(form);
    const problem = chosenProblem(chosen, form['again'], email);
    if (problem !== null) return c.html(welcomePage(frameOf(desk, c), { email, problem }), 400);
    const passwordHash = await hashPassword(chosen);
    const origin = originOf(desk, c);
    const token = await inTransaction(ctx.db, async (trx) => {
      if (!(await acceptInvitation(trx, secret, passwordHash))) throw new NotFound(NO_INVITATION);
      await note(trx, 'admins.accept_invitation', id, origin.clientAddress);
      return openSession(trx, { ...origin, administratorId: id, needsCode: false });
    });
    giveToken(c, config, token);
    return c.redirect(`${base}/account`, 303);
  });
}

const NO_INVITATION = 'This link was used already, or is too old. Ask for another.';

/** What needs a session. */
export function signedInRoutes(app: Hono<AdminEnv>, desk: Desk): void {
  const { ctx, config, base } = desk;
  app.get('/confirm', (c) =>
    c.html(confirmPage(frameOf(desk, c), { next: inside(desk, c.req.query('next')), problem: null })),
  );

  app.post('/confirm', async (c) => {
    const form = await readOwnForm(c);
    const next = inside(desk, form['next']);
    try {
      await countSignIn(desk, c);
      const proof = { password: passwordIn(form), code: codeIn(form), token: readToken(c, config) ?? '' };
      await confirmSession(ctx, { ...proof, email: c.get('session').email, clientAddress: clientAddressOf(c) });
      return c.redirect(next, 303);
    } catch (error) {
      const refused = refusedEntry(c, error);
      return c.html(confirmPage(frameOf(desk, c), { next, problem: refused.message }), refused.status as 400);
    }
  });

  app.post('/logout', async (c) => {
    await readOwnForm(c);
    const token = readToken(c, config);
    if (token !== null) await signOut(ctx, token, clientAddressOf(c));
    takeToken(c, config);
    return c.redirect(`${base}/login`, 303);
  });
}

type Form = Readonly<Record<string, string>>;
export const passwordIn = (form: Form, name = 'password'): string => (form[name] ?? '').slice(0, 1024);
export const codeIn = (form: Form): string => (form['code'] ?? '').slice(0, 40);

export const originOf = ({ config }: Desk, c: AdminContext) => ({
  clientAddress: clientAddressOf(c),
  userAgent: c.req.header('user-agent') ?? null,
  former: readToken(c, config),
});

/** What is wrong with a password that was chosen and typed twice; null when it will do. */
export function chosenProblem(chosen: string, again: string | undefined, email: string): string | null {
  return chosen === again ? passwordProblem(chosen, email) : 'The two passwords are not the same. Type it again.';
}

export async function countSignIn({ ctx }: Desk, c: AdminContext): Promise<void> {
  const verdict = await limitsOf(ctx).signIns.take(addressSubject(clientAddressOf(c)));
  if (!verdict.allowed) throw refusal(verdict);
}

/** The refusal to be shown on the page that asked; anything else is raised again. */
export function refusedEntry(c: AdminContext, error: unknown): PaymentsError {
  if (error instanceof RateLimited) c.header('retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  if (error instanceof Unauthenticated || error instanceof RateLimited || error instanceof InvalidRequest) return error;
  throw error;
}
