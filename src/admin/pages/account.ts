// Who is signed in, as what, since when and until when.
import { html } from 'hono/html';
import type { Session } from '../session.ts';
import { type Html, page } from './layout.ts';

const ROLES: Readonly<Record<Session['role'], string>> = {
  viewer: 'sees everything, changes nothing',
  operator: 'acts on transactions and cases',
  approver: 'confirms what others asked for',
  administrator: 'manages people and fees too',
};

const minute = (at: Date) => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export function accountPage(base: string, session: Session): Html {
  const content = html`<section class="card">
    <h1>Account</h1>
    <dl>
      <dt>E-mail address</dt><dd>${session.email}</dd>
      <dt>Role</dt><dd>${session.role}: ${ROLES[session.role]}</dd>
      <dt>Signed in</dt><dd>${minute(session.signedInAt)}</dd>
      <dt>Ends</dt><dd>when you sign out, after 30 minutes without use, 12 hours after signing in at the latest</dd>
    </dl>
    <form method="post" action="${base}/logout"><button>Sign out</button></form>
  </section>`;
  return page({ title: 'Account', base, session, content });
}
