// The sign-in page.
import { html } from 'hono/html';
import { type Html, page } from './layout.ts';

/** `problem` says why the last attempt failed; `next` is where to go afterwards, a path of the console. */
export function loginPage(of: { base: string; email: string; next: string; problem: string | null }): Html {
  const { base, email, next, problem } = of;
  const content = html`<section class="card narrow">
    <h1>Payments console</h1>
    <p class="quiet">Sign in to see and steer payments.</p>
    ${problem === null ? '' : html`<p class="problem" role="alert">${problem}</p>`}
    <form method="post" action="${base}/login">
      <input type="hidden" name="next" value="${next}">
      <label for="email">E-mail address</label>
      <input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${email}"
        ${email === '' ? 'autofocus' : ''}>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256"
        ${email === '' ? '' : 'autofocus'}>
      <button>Sign in</button>
    </form>
    <p class="quiet small">No access yet? Somebody who runs this service can let you in:
      <code>npm run cli -- admins create</code></p>
  </section>`;
  return page({ title: 'Sign in', base, session: null, content });
}
