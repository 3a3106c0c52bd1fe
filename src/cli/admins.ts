// `admins create | list | password | disable`.
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import {
  Administrator,
  createAdministrator,
  disableAdministrator,
  ROLES,
  readEmail,
  setPassword,
} from '../admin/administrator.ts';
import { generatePassword, hashPassword, passwordProblem } from '../admin/password.ts';
import { readWord, wrong } from './read.ts';
import { facts, moment, table } from './table.ts';
import { verb } from './verb.ts';

/** One line of standard input, or a made-up one. `shown` is null for a password its owner knows already. */
async function newPassword(email: string, fromInput: boolean): Promise<{ password: string; shown: string | null }> {
  if (!fromInput) {
    const password = generatePassword();
    return { password, shown: password };
  }
  const password = (await readAll(process.stdin)).replace(/\r?\n$/, '');
  const problem = passwordProblem(password, email);
  if (problem !== null) throw wrong('--password-stdin', problem);
  return { password, shown: null };
}

const said = (shown: string | null, rows: readonly (readonly [string, string])[]) =>
  shown === null
    ? facts(rows)
    : `${facts([...rows, ['password', shown]])}\nKeep the password now: it cannot be shown again.`;

export function admins(noun: Command): void {
  const create = noun
    .command('create')
    .description('let somebody into the console; the password is shown this once')
    .requiredOption('--email <address>', 'how the person signs in')
    .requiredOption('--role <role>', ROLES.join(', '))
    .option('--password-stdin', 'read the password from standard input instead of making one');
  verb<{ email: string; role: string; passwordStdin?: boolean }>(create, async (desk, options) => {
    const email = readEmail(options.email);
    const role = readWord('--role', options.role, ROLES);
    const { password, shown } = await newPassword(email, options.passwordStdin === true);
    const passwordHash = await hashPassword(password);
    const { id } = await desk.audited(
      (trx) => createAdministrator(trx, { email, role, passwordHash }),
      (made) => ({ action: 'admins.create', subject: made.id, detail: { role } }),
    );
    const json = { id, email, role, ...(shown === null ? {} : { password: shown }) };
    return {
      json,
      text: said(shown, [
        ['administrator', id],
        ['email', email],
        ['role', role],
      ]),
    };
  });

  const list = noun.command('list').description('who may enter the console');
  verb(list, async (desk) => {
    const found = await Administrator.query(desk.db).orderBy('email');
    return {
      json: found.map((one) => ({
        id: one.id,
        email: one.email,
        role: one.role,
        createdAt: one.createdAt.toISOString(),
        disabledAt: one.disabledAt?.toISOString() ?? null,
      })),
      text: table(
        ['administrator', 'email', 'role', 'since', 'disabled'],
        found.map((one) => [one.id, one.email, one.role, moment(one.createdAt), moment(one.disabledAt)]),
        { none: 'There are no administrators yet: cli admins create --email … --role administrator' },
      ),
    };
  });

  const password = noun
    .command('password')
    .description('give somebody a new password and end their sessions')
    .requiredOption('--email <address>', 'whose')
    .option('--password-stdin', 'read the password from standard input instead of making one');
  verb<{ email: string; passwordStdin?: boolean }>(password, async (desk, options) => {
    const email = readEmail(options.email);
    const made = await newPassword(email, options.passwordStdin === true);
    const passwordHash = await hashPassword(made.password);
    const id = await desk.audited(
      (trx) => setPassword(trx, { email, passwordHash }),
      (subject) => ({ action: 'admins.password', subject }),
    );
    const json = { id, email, ...(made.shown === null ? {} : { password: made.shown }) };
    return {
      json,
      text: said(made.shown, [
        ['administrator', id],
        ['email', email],
      ]),
    };
  });

  const disable = noun
    .command('disable')
    .description('let somebody in no more and end their sessions')
    .requiredOption('--email <address>', 'whom');
  verb<{ email: string }>(disable, async (desk, options) => {
    const email = readEmail(options.email);
    const { id, changed } = await desk.audited(
      (trx) => disableAdministrator(trx, email),
      (done) => ({ action: 'admins.disable', subject: done.id, detail: done.changed ? {} : { already: true } }),
    );
    return { json: { id, email, changed }, text: changed ? `${email} is disabled.` : `${email} was disabled already.` };
  });
}
