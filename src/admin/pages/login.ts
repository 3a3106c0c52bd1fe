// The pages that ask who it is: signing in, and proving it again before a sensitive action.
import { html } from 'hono/html';
import { type Frame, type Html, page, tokenField } from './layout.ts';

const problemOf = (problem: string | null) =>
  problem === null ? '' : html`<p class="problem" role="alert">${problem}</p>`;

/** `problem` says why the last attempt failed; `next` is where to go afterwards, a path of the console. */
export function loginPage(frame: Frame, of: { email: string; next: string; problem: string | null }): Html {
  const { email, next, problem } = of;
  const content = html`<section class="card narrow">
    <h1>Payments console</h1>
    <p class="quiet">Sign in to see and steer payments.</p>
    ${problemOf(problem)}
    <form method="post" action="${frame.base}/login">
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
  return page({ ...frame, session: null }, { title: 'Sign in', content });
}

export function confirmPage(frame: Frame, of: { next: string; problem: string | null }): Html {
  const content = html`<section class="card narrow">
    <h1>Confirm that it is you</h1>
    <p class="quiet">What comes next moves money, ends something for good or shows personal data, and you signed in a while ago.</p>
    ${problemOf(of.problem)}
    <form method="post" action="${frame.base}/confirm">
      ${tokenField(frame)}
      <input type="hidden" name="next" value="${of.next}">
      <input type="hidden" autocomplete="username" name="email" value="${frame.session?.email ?? ''}">
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256" autofocus>
      <button>Confirm</button>
    </form>
  </section>`;
  return page(frame, { title: 'Confirm', content });
}
