// The routes of signing in, of proving again to be there, and of signing out.
import type { Hono } from 'hono';
import { InvalidRequest, type PaymentsError, RateLimited, Unauthenticated } from '../../errors.ts';
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
import { confirmPage, loginPage } from '../pages/login.ts';
import { confirmSession, findSession, signIn, signOut } from '../session.ts';

/** What anybody may ask for. */
export function openSignInRoutes(app: Hono<AdminEnv>, desk: Desk): void {
  const { ctx, config } = desk;
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
      const login = { email: readEmail(email), password: (form['password'] ?? '').slice(0, 1024) };
      await countSignIn(desk, c);
      const former = readToken(c, config);
      const from = { clientAddress: clientAddressOf(c), userAgent: c.req.header('user-agent') ?? null };
      giveToken(c, config, await signIn(ctx, { ...login, ...from, former }));
      return c.redirect(next, 303);
    } catch (error) {
      const refused = refusedEntry(c, error);
      return c.html(loginPage(frameOf(desk, c), { email, next, problem: refused.message }), refused.status as 400);
    }
  });
}

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
      const password = (form['password'] ?? '').slice(0, 1024);
      const { email } = c.get('session');
      await confirmSession(ctx, {
        token: readToken(c, config) ?? '',
        email,
        password,
        clientAddress: clientAddressOf(c),
      });
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
