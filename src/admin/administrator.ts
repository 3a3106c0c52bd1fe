// Administrators: people who may enter the console, each with one role.
import { BaseModel } from '../db/base-model.ts';
import { type Trx, violatedUnique } from '../db/knex.ts';
import { Conflict, InvalidRequest, NotFound } from '../errors.ts';
import { newId } from '../ids.ts';

/** Each may do what the one before may, and more: look; act on transactions; confirm what others asked for; manage people and fees. */
export const ROLES = ['viewer', 'operator', 'approver', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

export class Administrator extends BaseModel {
  static override tableName = 'administrators';
  declare id: string;
  /** Lower case. */
  declare email: string;
  declare role: Role;
  declare passwordHash: string;
  declare failedLogins: number;
  declare lastFailedAt: Date | null;
  declare createdAt: Date;
  declare updatedAt: Date;
  declare disabledAt: Date | null;
  /** Since when signing in takes a code; null without a second factor. */
  declare totpSince: Date | null;
  declare invitationEndsAt: Date | null;
  declare mustChangePassword: boolean;
}

/** The address as it is stored: lower case. Raises InvalidRequest for what cannot be one. */
export function readEmail(text: string): string {
  const email = text.trim().toLowerCase();
  if (/^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,185}$/u.test(email)) return email;
  throw InvalidRequest.field('email', 'not_an_email', 'Give an e-mail address such as ada@example.com.');
}

/** Raises Conflict when somebody has that address already, also when disabled. */
export async function createAdministrator(
  trx: Trx,
  of: { email: string; role: Role; passwordHash: string; mustChangePassword?: boolean },
): Promise<Administrator> {
  try {
    return await Administrator.query(trx).insertAndFetch({ id: newId('administrator'), ...of });
  } catch (error) {
    // Objection wraps the driver's error.
    const raised = (error as { nativeError?: unknown }).nativeError ?? error;
    if (violatedUnique(raised) !== 'administrators_email_key') throw error;
    throw new Conflict('email_taken', `There is an administrator ${of.email} already.`);
  }
}

/** Ends every session of the person, and lets nobody in by this address again. Raises NotFound. */
export async function disableAdministrator(trx: Trx, email: string): Promise<{ id: string; changed: boolean }> {
  const found = await byEmail(trx, email);
  const now = trx.fn.now();
  if (found.disabledAt === null)
    await Administrator.query(trx)
      .findById(found.id)
      .patch({ disabledAt: now, updatedAt: now, invitationHash: null, invitationEndsAt: null } as never);
  await endSessionsOf(trx, found.id);
  return { id: found.id, changed: found.disabledAt === null };
}

/** A new password: every session made with the old one ends, and so does an invitation. Raises NotFound. */
export async function setPassword(
  trx: Trx,
  of: { email: string; passwordHash: string; mustChangePassword?: boolean },
): Promise<string> {
  const { id } = await byEmail(trx, of.email);
  const fresh = {
    passwordHash: of.passwordHash,
    mustChangePassword: of.mustChangePassword === true,
    ...{ failedLogins: 0, lastFailedAt: null, invitationHash: null, invitationEndsAt: null, updatedAt: trx.fn.now() },
  };
  await Administrator.query(trx)
    .findById(id)
    .patch(fresh as never);
  await endSessionsOf(trx, id);
  return id;
}

/** Another role, from the next request on. Gives the one before. Raises NotFound. */
export async function changeRole(trx: Trx, of: { email: string; role: Role }): Promise<Role> {
  const { id, role } = await byEmail(trx, of.email);
  await Administrator.query(trx)
    .findById(id)
    .patch({ role: of.role, updatedAt: trx.fn.now() } as never);
  return role;
}

async function byEmail(trx: Trx, email: string): Promise<Administrator> {
  const found = await Administrator.query(trx).findOne({ email });
  if (found === undefined) throw new NotFound(`There is no administrator ${email}.`);
  return found;
}

async function endSessionsOf(trx: Trx, administratorId: string): Promise<void> {
  await trx('admin_sessions').where('administrator_id', administratorId).delete();
}
