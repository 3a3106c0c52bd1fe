// Who may do what in the console: every permission, the least role that has it, and whether its holder must first confirm to be there.
import { Forbidden } from '../errors.ts';
import { ROLES, type Role } from './administrator.ts';

interface Rule {
  readonly least: Role;
  /** The password (and code) is asked for again when that was long ago. */
  readonly confirms?: true;
  /** Completes "You may not …". */
  readonly what: string;
}

/** The one table. A role has its own permissions and those of every role before it. */
export const PERMISSIONS = {
  look: { least: 'viewer', what: 'look at this' },
  'administrators.look': { least: 'administrator', what: 'see who may enter the console' },
  export: { least: 'operator', what: 'export lists' },
  'personal_data.reveal': { least: 'operator', confirms: true, what: 'see personal data in clear' },
  'transactions.look_again': { least: 'operator', what: 'have the provider asked again' },
  'transactions.cancel': { least: 'operator', what: 'cancel payouts' },
  'transactions.approve': { least: 'approver', confirms: true, what: 'approve payouts' },
  'cases.resolve': { least: 'operator', confirms: true, what: 'decide cases' },
  'proposals.confirm': { least: 'approver', confirms: true, what: 'confirm what others proposed' },
  'proposals.withdraw': { least: 'operator', what: 'withdraw proposals' },
  'bulks.cancel': { least: 'operator', what: 'cancel bulks' },
  'webhook_events.replay': { least: 'operator', what: 'have webhook events followed up again' },
  'endpoints.resend': { least: 'operator', what: 'have merchants told again' },
  'endpoints.enable': { least: 'operator', what: 'enable endpoints' },
  'endpoints.rotate': { least: 'administrator', confirms: true, what: "rotate endpoints' secrets" },
  'wallets.fund': { least: 'operator', confirms: true, what: 'fund wallets' },
  'ledger.adjust': { least: 'approver', confirms: true, what: 'post adjusting entries' },
  'wallets.freeze': { least: 'operator', what: 'freeze wallets' },
  'wallets.unfreeze': { least: 'approver', what: 'reopen frozen wallets' },
  'keys.rotate': { least: 'administrator', confirms: true, what: 'rotate API keys' },
  'keys.revoke': { least: 'administrator', confirms: true, what: 'revoke API keys' },
  'limits.change': { least: 'administrator', confirms: true, what: 'change limits' },
  'fees.add': { least: 'administrator', confirms: true, what: 'change fees' },
  'administrators.change': { least: 'administrator', confirms: true, what: 'manage people' },
} as const satisfies Record<string, Rule>;
export type Permission = keyof typeof PERMISSIONS;

export function may(role: Role, permission: Permission): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(PERMISSIONS[permission].least);
}

/** Raises Forbidden with a sentence that says what is missing. */
export function insistOn(role: Role, permission: Permission): void {
  if (may(role, permission)) return;
  const { what, least } = PERMISSIONS[permission];
  throw new Forbidden(`You may not ${what}: that takes the role ${least}, and yours is ${role}.`, 'permission_missing');
}

export function mustConfirm(permission: Permission): boolean {
  const rule: Rule = PERMISSIONS[permission];
  return rule.confirms === true;
}
