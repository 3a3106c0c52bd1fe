// The operators' console under /admin: signing in, the frame of its pages, and the queues. Everything but the sign-in needs a session.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Context } from '../context.ts';
import { InvalidRequest, NotFound, PaymentsError, RateLimited, Unauthenticated, Unavailable } from '../errors.ts';
import { refusal } from '../limits/limit.ts';
import { addressSubject, limitsOf } from '../limits/limits.ts';
import { readEmail } from './administrator.ts';
import { BOARD_POLICY, type Board } from './board.ts';
import {
  type AdminContext,
  type AdminEnv,
  giveToken,
  insistOnOwnForm,
  readToken,
  takeToken,
  wantsPage,
} from './browser.ts';
import { accountPage } from './pages/account.ts';
import { loginPage } from './pages/login.ts';
import { problemPage } from './pages/problem.ts';
import { findSession, signIn, signOut } from './session.ts';

const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const STYLE = readFileSync(join(import.meta.dirname, 'pages', 'style.css'), 'utf8');
const FORM_BYTES = 4096;

/** The console, to be mounted at `/admin` below BASE_PATH. What surrounds the application tells it the client's address. */
export function adminApp(ctx: Context, board: Board): Hono<AdminEnv> {
  const { config } = ctx;
  const base = `${config.BASE_PATH}/admin`;
  const app = new Hono<AdminEnv>();
  const clientAddress = (c: AdminContext) => c.get('exchange')?.clientAddress ?? null;
  /** Back to where somebody wanted to go, but never out of the console. */
  const inside = (next: unknown) => (typeof next === 'string' && isBelow(base, next) ? next : base);

  const countSignIn = async (address: string | null) => {
    const verdict = await limitsOf(ctx).signIns.take(addressSubject(address));
    if (!verdict.allowed) throw refusal(verdict);
  };

  app.use('*', async (c, next) => {
    await next();
    const isBoard = c.req.path === `${base}/queues` || c.req.path.startsWith(`${base}/queues/`);
    c.header('content-security-policy', isBoard ? BOARD_POLICY : PAGE_POLICY);
    // With no-referrer, as everywhere else, browsers call the origin of our own forms "null"; other sites are told nothing either way.
    c.header('referrer-policy', 'same-origin');
  });
  app.use('*', async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') insistOnOwnForm(c, config);
    await next();
  });
  app.use('*', bodyLimit({ maxSize: FORM_BYTES, onError: tooLarge }));

  app.get('/style.css', (c) => c.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/login', async (c) => {
    const next = inside(c.req.query('next'));
    const token = readToken(c, config);
    if (token !== null && (await findSession(ctx, token, false)) !== null) return c.redirect(next, 303);
    return c.html(loginPage({ base, email: '', next, problem: null }));
  });
  app.post('/login', async (c) => {
    const form = await c.req.parseBody();
    const next = inside(form['next']);
    const email = typeof form['email'] === 'string' ? form['email'].slice(0, 254) : '';
    const password = typeof form['password'] === 'string' ? form['password'] : '';
    try {
      const login = { email: readEmail(email), password: password.slice(0, 1024), clientAddress: clientAddress(c) };
      await countSignIn(clientAddress(c));
      giveToken(c, config, await signIn(ctx, { ...login, former: readToken(c, config) }));
      return c.redirect(next, 303);
    } catch (error) {
      if (!(error instanceof Unauthenticated || error instanceof RateLimited || error instanceof InvalidRequest))
        throw error;
      if (error instanceof RateLimited)
        c.header('retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
      const status = error instanceof RateLimited ? 429 : error instanceof Unauthenticated ? 401 : 400;
      return c.html(loginPage({ base, email, next, problem: error.message }), status);
    }
  });

  app.use('*', async (c, next) => {
    const token = readToken(c, config);
    // The board asks again and again by itself: that is not somebody being there.
    const counts = !c.req.path.startsWith(`${base}/queues/api/`);
    const session = token === null ? null : await findSession(ctx, token, counts);
    if (session === null) {
      if (!wantsPage(c) || c.req.method !== 'GET') throw new Unauthenticated('Sign in first.', 'signed_out');
      return c.redirect(`${base}/login?next=${encodeURIComponent(inside(c.req.path))}`, 303);
    }
    c.set('session', session);
    return next();
  });
  app.get('/', (c) => c.redirect(`${base}/queues`, 302));
  app.get('/account', (c) => c.html(accountPage(base, c.get('session'))));
  app.post('/logout', async (c) => {
    const token = readToken(c, config);
    if (token !== null) await signOut(ctx, token, clientAddress(c));
    takeToken(c, config);
    return c.redirect(`${base}/login`, 303);
  });
  app.on(['GET', 'HEAD'], ['/queues', '/queues/*'], async (c) => {
    try {
      return await board.fetch(c.req.raw);
    } catch (error) {
      ctx.log.warn({ event: 'board', error }, 'the queues could not be shown');
      throw new Unavailable(
        'The queues cannot be reached right now. Payments go on: whatever is due is in the database.',
      );
    }
  });
  app.all('/queues/*', () => {
    throw new InvalidRequest([], {
      code: 'method_not_allowed',
      message: 'The queues are only looked at.',
      status: 405,
    });
  });
  app.all('*', () => {
    throw new NotFound('There is no such page.');
  });

  // A person gets a page; programs, and whatever is a bug, get the application's own answer.
  app.onError((error, c) => {
    if (!(error instanceof PaymentsError) || error.status === 500 || !wantsPage(c)) throw error;
    const session = c.get('session') ?? null;
    const title = error.status === 404 ? 'Not found' : 'This did not work';
    return c.html(problemPage({ base, session, title, sentence: error.message }), error.status as 400);
  });
  return app;
}

function isBelow(base: string, path: string): boolean {
  return (
    /^[A-Za-z0-9/_.-]{1,200}$/.test(path) && !/\/\/|\.\./.test(path) && (path === base || path.startsWith(`${base}/`))
  );
}

function tooLarge(): never {
  throw new InvalidRequest([], { code: 'body_too_large', message: `Send at most ${FORM_BYTES} bytes.`, status: 413 });
}
