// The operators' console under /admin: what surrounds its pages, and its routes. Everything but the sign-in needs a session.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Context } from '../context.ts';
import { InvalidRequest, NotFound, PaymentsError, Unauthenticated, Unavailable } from '../errors.ts';
import { BOARD_POLICY, type Board } from './board.ts';
import { type AdminEnv, formTokenOf, insistOnOwnForm, readToken, wantsPage } from './browser.ts';
import { frameOf, inside, openDesk } from './desk.ts';
import { problemPage } from './pages/problem.ts';
import { accountRoutes } from './routes/account.ts';
import { actionRoutes } from './routes/actions.ts';
import { overviewRoutes } from './routes/overview.ts';
import { panelRoutes } from './routes/panels.ts';
import { openSignInRoutes, signedInRoutes } from './routes/sign-in.ts';
import { findSession } from './session.ts';

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
  "frame-ancestors 'none'";
const read = (name: string) => readFileSync(join(import.meta.dirname, 'pages', name), 'utf8');
const ASSETS = [
  ['/style.css', read('style.css'), 'text/css; charset=utf-8'],
  ['/console.js', read('console.js'), 'text/javascript; charset=utf-8'],
] as const;
/** A reason of 500 characters, in whatever script, and what else a form carries. */
const FORM_BYTES = 16_384;

/** The console, to be mounted at `/admin` below BASE_PATH. What surrounds the application tells it the client's address. */
export function adminApp(ctx: Context, board: Board): Hono<AdminEnv> {
  const desk = openDesk(ctx);
  const { base, config } = desk;
  const app = new Hono<AdminEnv>();

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

  for (const [path, content, type] of ASSETS) app.get(path, (c) => c.body(content, 200, { 'content-type': type }));
  openSignInRoutes(app, desk);

  app.use('*', async (c, next) => {
    const token = readToken(c, config);
    // The board and a page that follows a payment ask again and again by themselves: that is not somebody being there.
    const counts = !c.req.path.startsWith(`${base}/queues/api/`) && c.req.header('x-live') === undefined;
    const session = token === null ? null : await findSession(ctx, token, counts);
    if (token === null || session === null) {
      if (!wantsPage(c) || c.req.method !== 'GET') throw new Unauthenticated('Sign in first.', 'signed_out');
      return c.redirect(`${base}/login?next=${encodeURIComponent(inside(desk, c.req.path))}`, 303);
    }
    c.set('session', session);
    c.set('formToken', formTokenOf(token));
    return next();
  });
  signedInRoutes(app, desk);
  accountRoutes(app, desk);
  overviewRoutes(app, desk);
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
  panelRoutes(app, desk);
  actionRoutes(app, desk);
  app.all('*', () => {
    throw new NotFound('There is no such page.');
  });

  // A person gets a page; programs, and whatever is a bug, get the application's own answer.
  app.onError((error, c) => {
    if (!(error instanceof PaymentsError) || error.status === 500 || !wantsPage(c)) throw error;
    const title = TITLES.get(error.status) ?? 'This did not work';
    return c.html(problemPage(frameOf(desk, c), { title, sentence: error.message }), error.status as 400);
  });
  return app;
}

const TITLES = new Map([
  [403, 'Not allowed'],
  [404, 'Not found'],
  [409, 'It has changed'],
]);

function tooLarge(): never {
  throw new InvalidRequest([], { code: 'body_too_large', message: `Send at most ${FORM_BYTES} bytes.`, status: 413 });
}
