// One's own account: who is signed in, as what, where and until when, and how the console looks.
import { html } from 'hono/html';
import type { OwnSession, Session } from '../session.ts';
import { timeHtml } from './cell.ts';
import { type Frame, type Html, page, tokenField } from './layout.ts';

const ROLES: Readonly<Record<Session['role'], string>> = {
  viewer: 'sees everything, changes nothing',
  operator: 'acts on transactions and cases',
  approver: 'confirms what others asked for',
  administrator: 'manages people and fees too',
};

export function accountPage(
  frame: Frame,
  session: Session,
  of: { sessions: readonly OwnSession[]; done: string | null },
): Html {
  const { base, theme } = frame;
  const choice = (value: string, label: string) =>
    html`<label class="check"><input type="radio" name="theme" value="${value}" ${value === (theme ?? 'system') ? 'checked' : ''}> ${label}</label>`;
  const content = html`<h1>Account</h1>
    ${of.done === null ? '' : html`<p class="notice" role="status">${of.done}</p>`}
    <div class="cards">
    <section class="card"><h2>You</h2>
      <dl>
        <div><dt>E-mail address</dt><dd>${session.email}</dd></div>
        <div><dt>Role</dt><dd>${session.role}: ${ROLES[session.role]}</dd></div>
        <div><dt>Signed in</dt><dd>${timeHtml(session.signedInAt)}</dd></div>
        <div><dt>Ends</dt><dd>when you sign out, after 30 minutes without use, 12 hours after signing in at the latest</dd></div>
      </dl>
      <form method="post" action="${base}/logout">${tokenField(frame)}<button>Sign out</button></form>
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
