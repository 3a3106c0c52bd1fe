// What administrators do with people: another role, a new beginning, out of everywhere, out for good. Never with oneself.
import { audit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { inTransaction, type Trx } from '../../db/knex.ts';
import { InvalidRequest, Refused } from '../../errors.ts';
import { changeRole, disableAdministrator, ROLES, type Role } from '../administrator.ts';
import { endSessionsOf, inviteAgain, linkOf } from '../invitation.ts';
import { code, text, time } from '../panels/cell.ts';
import type { Action, Carried, Ordered } from './action.ts';

const idOf = ({ row }: Pick<Ordered, 'row'>) => String(row['id']);
const emailOf = ({ row }: Pick<Ordered, 'row'>) => String(row['email']);
const isIn = (row: Record<string, unknown>) => row['disabledAt'] === null;

/** So that there is always somebody left who can let others in. */
function mustBeAnother(of: Ordered): void {
  if (of.actor.actor === `admin:${idOf(of)}`)
    throw new Refused('oneself', 'Nobody does this to themselves: ask another administrator.');
}

function audited<T>(ctx: Context, of: Carried, action: string, work: (trx: Trx) => Promise<T>): Promise<T> {
  mustBeAnother(of);
  return inTransaction(ctx.db, async (trx) => {
    const result = await work(trx);
    const detail = Object.keys(of.input).length === 0 ? {} : { ...of.input };
    await audit(trx, { ...of.actor, action, subject: idOf(of), reason: of.reason, detail });
    return result;
  });
}

function readRole({ input }: Ordered): Role {
  const role = ROLES.find((one) => one === input['role']);
  if (role === undefined) throw InvalidRequest.field('role', 'unknown_role', `Choose one of ${ROLES.join(', ')}.`);
  return role;
}

export const PEOPLE_ACTIONS: readonly Action[] = [
  {
    name: 'change-role',
    panel: 'administrators',
    label: 'Change the role',
    permission: 'administrators.change',
    fits: isIn,
    fields: () => [{ name: 'role', label: 'Role', required: true, options: ROLES.map((role) => [role, role]) }],
    async preview(_ctx, of) {
      mustBeAnother(of);
      return {
        sentences: [
          `${emailOf(of)} is ${of.row['role']} now, and may do what an ${readRole(of)} may from the next request on.`,
        ],
        outline: { Role: String(of.row['role']) },
      };
    },
    async carryOut(ctx, of) {
      await audited(ctx, of, 'admins.change_role', (trx) =>
        changeRole(trx, { email: emailOf(of), role: readRole(of) }),
      );
      return { sentence: `${emailOf(of)} is ${readRole(of)} now.` };
    },
  },
  {
    name: 'sign-out',
    panel: 'administrators',
    label: 'Sign out everywhere',
    permission: 'administrators.change',
    fits: isIn,
    async preview(_ctx, of) {
      mustBeAnother(of);
      return { sentences: [`Every session of ${emailOf(of)} ends at once. They may sign in again.`], outline: {} };
    },
    async carryOut(ctx, of) {
      const ended = await audited(ctx, of, 'admins.end_sessions', (trx) => endSessionsOf(trx, idOf(of)));
      return { sentence: `Sessions ended: ${ended}.` };
    },
  },
  {
    name: 'begin-anew',
    panel: 'administrators',
    label: 'Send a new link',
    permission: 'administrators.change',
    fits: isIn,
    async preview(_ctx, of) {
      mustBeAnother(of);
      return {
        sentences: [
          'Password, second factor and sessions are gone, and a link by which a new password is chosen is shown once.',
          'It works once, within three days. Hand it over where nobody else reads it.',
        ],
        outline: {},
      };
    },
    async carryOut(ctx, of) {
      const { secret, endsAt } = await audited(ctx, of, 'admins.reset', (trx) => inviteAgain(trx, emailOf(of)));
      return {
        sentence: 'This link is shown once.',
        shownOnce: [
          ['For', text(emailOf(of))],
          ['Link', code(linkOf(ctx.config, secret))],
          ['Ends', time(endsAt)],
        ],
      };
    },
  },
  {
    name: 'disable',
    panel: 'administrators',
    label: 'Disable',
    permission: 'administrators.change',
    isGrave: true,
    fits: isIn,
    async preview(_ctx, of) {
      mustBeAnother(of);
      return {
        sentences: [`${emailOf(of)} is out at once, and is let in no more. What they did stays in the audit log.`],
        outline: {},
      };
    },
    async carryOut(ctx, of) {
      await audited(ctx, of, 'admins.disable', (trx) => disableAdministrator(trx, emailOf(of)));
      return { sentence: `${emailOf(of)} is disabled.` };
    },
  },
];
