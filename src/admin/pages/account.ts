// One's own account: who is signed in, as what and where, the password, the second factor, and how the console looks.
import { html } from 'hono/html';
import type { OwnSession, Session } from '../session.ts';
import { timeHtml } from './cell.ts';
import { type Frame, type Html, page, tokenField } from './layout.ts';
import { chosenFields } from './login.ts';

const ROLES: Readonly<Record<Session['role'], string>> = {
  viewer: 'sees everything, changes nothing',
  operator: 'acts on transactions and cases',
  approver: 'confirms what others asked for',
  administrator: 'manages people and fees too',
};

const problemOf = (problem: string | null) =>
  problem === null ? '' : html`<p class="problem" role="alert">${problem}</p>`;

export function accountPage(
  frame: Frame,
  session: Session,
  of: { sessions: readonly OwnSession[]; done: string | null },
): Html {
  const { base, theme } = frame;
  const choice = (value: string, label: string) =>
    html`<label class="check"><input type="radio" name="theme" value="${value}" ${value === (theme ?? 'system') ? 'checked' : ''}> ${label}</label>`;
  const content = html`<div class="title"><h1>Account</h1></div>
    ${of.done === null ? '' : html`<p class="notice" role="status">${of.done}</p>`}
    <div class="cards">
    <section class="card"><h2>You</h2>
      <dl>
        <div><dt>E-mail address</dt><dd>${session.email}</dd></div>
        <div><dt>Role</dt><dd>${session.role}: ${ROLES[session.role]}</dd></div>
        <div><dt>Signed in</dt><dd>${timeHtml(session.signedInAt)}</dd></div>
        <div><dt>Ends</dt><dd>when you sign out, after 30 minutes without use, 12 hours after signing in at the latest</dd></div>
      </dl>
      <form method="post" action="${base}/logout">${tokenField(frame)}<button>Sign out</button>
        <a class="button quiet" href="${base}/account/password">Change the password</a></form>
    </section>
    <section class="card"><h2>Second factor</h2>
      ${
        session.hasSecondFactor
          ? html`<p><span class="badge good">on</span> Signing in takes a code of your authenticator.</p>
            <form method="post" action="${base}/account/second-factor/remove">${tokenField(frame)}<button class="quiet">Take it away</button></form>`
          : html`<p><span class="badge warn">none</span> Whoever learns your password is in. An authenticator app on your phone ends that.</p>
            <form method="post" action="${base}/account/second-factor/offer">${tokenField(frame)}<button>Set it up</button></form>`
      }
    </section>
    <section class="card"><h2>Appearance</h2>
      <form method="post" action="${base}/account/theme">${tokenField(frame)}
        ${choice('system', 'as this device')}${choice('light', 'light')}${choice('dark', 'dark')}
        <button class="quiet">Keep</button></form>
      <p class="hint">Keys: / searches, j and k go down and up a list, Enter opens.</p>
    </section></div>
    <section class="related"><div class="title"><h2>Where you are signed in</h2>
      <form method="post" action="${base}/account/sign-out-elsewhere">${tokenField(frame)}<button class="quiet">Sign out everywhere else</button></form></div>
      <div class="scroll"><table><thead><tr><th scope="col">Since</th><th scope="col">Last seen</th><th scope="col">From</th><th scope="col" class="wide">Browser</th></tr></thead>
      <tbody>${of.sessions.map(
        (one) => html`<tr><td>${timeHtml(one.createdAt)}</td><td>${timeHtml(one.lastSeenAt)}</td>
          <td>${one.clientAddress ?? '–'} ${one.isThis ? html`<span class="badge good">this one</span>` : ''}</td>
          <td class="wide">${one.userAgent ?? '–'}</td></tr>`,
      )}</tbody></table></div></section>`;
  return page(frame, { title: 'Account', content });
}

export function passwordPage(frame: Frame, session: Session, of: { problem: string | null }): Html {
  const content = html`<section class="card narrow"><h1>Change the password</h1>
    ${session.mustChangePassword ? html`<p>Somebody else has seen the one you have. Choose your own before you go on.</p>` : ''}
    <p class="quiet">All your sessions end, and this browser is signed in anew.</p>
    ${problemOf(of.problem)}
    <form method="post" action="${frame.base}/account/password">${tokenField(frame)}
      <label for="current">Password until now</label>
      <input id="current" name="current" type="password" autocomplete="current-password" required maxlength="256" autofocus>
      ${chosenFields(session.email)}
      <button>Change it</button></form></section>`;
  return page(frame, { title: 'Change the password', content });
}

export function enrolPage(
  frame: Frame,
  of: { secret: string; square: readonly (readonly boolean[])[]; problem: string | null },
): Html {
  const size = of.square.length;
  const dark = of.square
    .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('');
  const content = html`<section class="card narrow"><h1>Second factor</h1>
    <p>Scan this with an authenticator app, then type the six digits it shows.</p>
    ${problemOf(of.problem)}
    <svg class="square" viewBox="0 0 ${size} ${size}" role="img" aria-label="Code to scan" shape-rendering="crispEdges">
      <rect width="${size}" height="${size}" fill="#fff"/><path d="${dark}" fill="#000"/></svg>
    <p class="hint">Or type this into it: <code>${of.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</code></p>
    <form method="post" action="${frame.base}/account/second-factor/enrol">${tokenField(frame)}
      <label for="code">Code</label>
      <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="8" autofocus>
      <button>Take it into use</button></form>
    <p class="small"><a href="${frame.base}/account">Leave it</a></p></section>`;
  return page(frame, { title: 'Second factor', content });
}

export function recoveryPage(frame: Frame, codes: readonly string[]): Html {
  const content = html`<section class="card narrow"><h1>Recovery codes</h1>
    <p class="notice" role="status">From now on signing in takes a code of your authenticator.</p>
    <p>Should you lose it, each of these lets you in once instead. Keep them where you keep passwords: they are not shown again.</p>
    <ul class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
    <p><a class="button" href="${frame.base}/account">I have kept them</a></p></section>`;
  return page(frame, { title: 'Recovery codes', content });
}
