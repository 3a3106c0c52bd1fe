// The pages that ask who it is: signing in, the code, a first password, and proving it again before a sensitive action.
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
      <code>npm run cli -- admins invite</code></p>
  </section>`;
  return page({ ...frame, session: null }, { title: 'Sign in', content });
}

const codeField = (autofocus: boolean) => html`<label for="code">Code</label>
  <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="20" ${autofocus ? 'autofocus' : ''}>
  <p class="hint">Six digits of your authenticator, or one of your recovery codes.</p>`;

export function codePage(frame: Frame, of: { next: string; problem: string | null }): Html {
  const content = html`<section class="card narrow">
    <h1>One more step</h1>
    ${problemOf(of.problem)}
    <form method="post" action="${frame.base}/login/code">
      <input type="hidden" name="next" value="${of.next}">
      ${codeField(true)}
      <button>Sign in</button>
    </form>
    <p class="small"><a href="${frame.base}/login">Begin again</a></p>
  </section>`;
  return page({ ...frame, session: null }, { title: 'Code', content });
}

/** Two fields for a password that is being chosen. */
export const chosenFields = (email: string): Html => html`
  <input type="email" name="email" autocomplete="username" value="${email}" readonly hidden>
  <label for="chosen">New password</label>
  <input id="chosen" name="password" type="password" autocomplete="new-password" required minlength="15" maxlength="256">
  <p class="hint">15 characters or more: three or four words that nobody would put together do well.</p>
  <label for="again">The same again</label>
  <input id="again" name="again" type="password" autocomplete="new-password" required minlength="15" maxlength="256">`;

export function welcomePage(frame: Frame, of: { email: string; problem: string | null }): Html {
  const content = html`<section class="card narrow">
    <h1>Welcome</h1>
    <p class="quiet">Choose a password for ${of.email}. You are signed in with it at once.</p>
    ${problemOf(of.problem)}
    <form method="post">${chosenFields(of.email)}<button>Keep it and sign in</button></form>
  </section>`;
  return page({ ...frame, session: null }, { title: 'Welcome', content });
}

export function confirmPage(frame: Frame, of: { next: string; problem: string | null }): Html {
  const content = html`<section class="card narrow">
    <h1>Confirm that it is you</h1>
    <p class="quiet">What comes next moves money, ends something for good or shows personal data, and you signed in a while ago.</p>
    ${problemOf(of.problem)}
    <form method="post" action="${frame.base}/confirm">
      ${tokenField(frame)}
      <input type="hidden" name="next" value="${of.next}">
      <input type="email" name="email" autocomplete="username" value="${frame.session?.email ?? ''}" readonly hidden>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256" autofocus>
      ${frame.session?.hasSecondFactor ? codeField(false) : ''}
      <button>Confirm</button>
    </form>
  </section>`;
  return page(frame, { title: 'Confirm', content });
}
