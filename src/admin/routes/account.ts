// The routes of one's own account: what it is, where one is signed in, how the console looks.
import type { Hono } from 'hono';
import { type AdminEnv, giveTheme, readOwnForm, readToken, say, takeSaid } from '../browser.ts';
import { clientAddressOf, type Desk, frameOf } from '../desk.ts';
import { accountPage } from '../pages/account.ts';
import { endOtherSessions, listSessions } from '../session.ts';

export function accountRoutes(app: Hono<AdminEnv>, desk: Desk): void {
  const { ctx, config, base } = desk;
  app.get('/account', async (c) => {
    const session = c.get('session');
    const sessions = await listSessions(ctx, session.administratorId, readToken(c, config) ?? '');
    return c.html(accountPage(frameOf(desk, c), session, { sessions, done: takeSaid(c, config) }));
  });

  app.post('/account/theme', async (c) => {
    const { theme = '' } = await readOwnForm(c);
    giveTheme(c, config, theme);
    return c.redirect(`${base}/account`, 303);
  });

  app.post('/account/sign-out-elsewhere', async (c) => {
    await readOwnForm(c);
    const { administratorId } = c.get('session');
    const ended = await endOtherSessions(ctx, administratorId, readToken(c, config) ?? '', clientAddressOf(c));
    say(c, config, ended === 0 ? 'You were signed in nowhere else.' : `Signed out elsewhere: ${ended}.`);
    return c.redirect(`${base}/account`, 303);
  });
}
