// The routes of one's own account: the password, the second factor, where one is signed in, how the console looks.
import type { Hono } from 'hono';
import { inTransaction } from '../../db/knex.ts';
import { Conflict } from '../../errors.ts';
import {
  type AdminContext,
  type AdminEnv,
  giveTheme,
  giveToken,
  readOwnForm,
  readToken,
  say,
  takeSaid,
} from '../browser.ts';
import { clientAddressOf, type Desk, frameOf } from '../desk.ts';
import { accountPage, enrolPage, passwordPage, recoveryPage } from '../pages/account.ts';
import { addressOf, enrol, offeredSecret, offerSecret, removeSecondFactor, squareOf } from '../second-factor.ts';
import { endOtherSessions, listSessions, note } from '../session.ts';
import { changePassword } from '../sign-in.ts';
import { chosenProblem, codeIn, countSignIn, originOf, passwordIn, refusedEntry } from './sign-in.ts';

export function accountRoutes(app: Hono<AdminEnv>, desk: Desk): void {
  const { ctx, config, base } = desk;
  const account = `${base}/account`;

  // A password that somebody else has seen opens this page and no other.
  app.use('*', async (c, next) => {
    if (c.get('session').mustChangePassword && c.req.path !== `${account}/password`)
      return c.redirect(`${account}/password`, 303);
    return next();
  });

  app.get('/account', async (c) => {
    const session = c.get('session');
    const sessions = await listSessions(ctx, session.administratorId, readToken(c, config) ?? '');
    return c.html(accountPage(frameOf(desk, c), session, { sessions, done: takeSaid(c, config) }));
  });

  app.get('/account/password', (c) => c.html(passwordPage(frameOf(desk, c), c.get('session'), { problem: null })));
  app.post('/account/password', async (c) => {
    const form = await readOwnForm(c);
    const session = c.get('session');
    const show = (problem: string, status: number) =>
      c.html(passwordPage(frameOf(desk, c), session, { problem }), status as 400);
    const chosen = passwordIn(form);
    const problem = chosenProblem(chosen, form['again'], session.email);
    if (problem !== null) return show(problem, 400);
    try {
      await countSignIn(desk, c);
      const order = { ...originOf(desk, c), email: session.email, password: passwordIn(form, 'current'), chosen };
      giveToken(c, config, await changePassword(ctx, order));
    } catch (error) {
      const refused = refusedEntry(c, error);
      return show(refused.message, refused.status);
    }
    say(c, config, 'The password is changed, and every other session has ended.');
    return c.redirect(account, 303);
  });

  app.post('/account/second-factor/offer', async (c) => {
    await readOwnForm(c);
    if (!c.get('session').confirmed) return c.redirect(`${base}/confirm?next=${encodeURIComponent(account)}`, 303);
    const { administratorId, email } = c.get('session');
    const secret = await inTransaction(ctx.db, (trx) => offerSecret(trx, ctx.vault, administratorId));
    if (secret === null) throw new Conflict('has_second_factor', 'There is a second factor already.');
    return c.html(enrolPage(frameOf(desk, c), { secret, square: squareOf(addressOf(secret, email)), problem: null }));
  });

  app.post('/account/second-factor/enrol', async (c) => {
    const form = await readOwnForm(c);
    await countSignIn(desk, c);
    const { administratorId: id, email } = c.get('session');
    const result = await inTransaction(ctx.db, async (trx) => {
      const secret = await offeredSecret(trx, ctx.vault, id);
      if (secret === null) throw new Conflict('nothing_offered', 'Set the second factor up from your account first.');
      const codes = await enrol(trx, id, secret, codeIn(form));
      if (codes !== null) await note(trx, 'admins.enrol_second_factor', id, clientAddressOf(c));
      return { secret, codes };
    });
    if (result.codes !== null) return c.html(recoveryPage(frameOf(desk, c), result.codes));
    const again = { secret: result.secret, square: squareOf(addressOf(result.secret, email)) };
    const problem = 'That is not its code. Type the one it shows now; the clock of the phone must be right.';
    return c.html(enrolPage(frameOf(desk, c), { ...again, problem }), 400);
  });

  app.post('/account/second-factor/remove', async (c) => {
    await readOwnForm(c);
    if (!c.get('session').confirmed) return c.redirect(`${base}/confirm?next=${encodeURIComponent(account)}`, 303);
    const { administratorId: id } = c.get('session');
    await inTransaction(ctx.db, async (trx) => {
      if (await removeSecondFactor(trx, id)) await note(trx, 'admins.remove_second_factor', id, clientAddressOf(c));
    });
    return done(c, 'The second factor is gone: the password alone lets you in.');
  });

  app.post('/account/theme', async (c) => {
    const { theme = '' } = await readOwnForm(c);
    giveTheme(c, config, theme);
    return c.redirect(account, 303);
  });

  app.post('/account/sign-out-elsewhere', async (c) => {
    await readOwnForm(c);
    const { administratorId } = c.get('session');
    const ended = await endOtherSessions(ctx, administratorId, readToken(c, config) ?? '', clientAddressOf(c));
    return done(c, ended === 0 ? 'You were signed in nowhere else.' : `Signed out elsewhere: ${ended}.`);
  });

  function done(c: AdminContext, sentence: string) {
    say(c, config, sentence);
    return c.redirect(account, 303);
  }
}
