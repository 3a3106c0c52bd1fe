// `admins create | invite | list | password | reset | disable | alone`.
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
import { type Invitation, invite, inviteAgain, linkOf } from '../admin/invitation.ts';
import { generatePassword, hashPassword, passwordProblem } from '../admin/password.ts';
import { dualControlLimit, setDualControlLimit } from '../admin/proposals/limit.ts';
import { formatAmount } from '../money.ts';
import { readAmount, readCurrency, readWord, wrong } from './read.ts';
import { facts, moment, table } from './table.ts';
import { type Desk, type Told, verb } from './verb.ts';

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

function invited(desk: Desk, email: string, { id, secret, endsAt }: Invitation): Told {
  const link = linkOf(desk.config, secret);
  const rows = facts([
    ['administrator', id],
    ['email', email],
    ['link', link],
    ['until', moment(endsAt)],
  ]);
  return {
    json: { id, email, link, endsAt: endsAt.toISOString() },
    text: `${rows}\nHand the link over where nobody else reads it: it works once.`,
  };
}

export function admins(noun: Command): void {
  const create = noun
    .command('create')
    .description('let somebody into the console; the password is shown this once')
    .requiredOption('--email <address>', 'how the person signs in')
    .requiredOption('--role <role>', ROLES.join(', '))
    .option('--password-stdin', 'read the password from standard input instead of making one')
    .option('--must-change', 'nothing can be done with it but to choose another');
  verb<{ email: string; role: string; passwordStdin?: boolean; mustChange?: boolean }>(
    create,
    async (desk, options) => {
      const email = readEmail(options.email);
      const role = readWord('--role', options.role, ROLES);
      const { password, shown } = await newPassword(email, options.passwordStdin === true);
      const passwordHash = await hashPassword(password);
      const { id } = await desk.audited(
        (trx) =>
          createAdministrator(trx, { email, role, passwordHash, mustChangePassword: options.mustChange === true }),
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
    },
  );

  const asked = noun
    .command('invite')
    .description('let somebody into the console by a link, good once, by which they choose a password of their own')
    .requiredOption('--email <address>', 'how the person signs in')
    .requiredOption('--role <role>', ROLES.join(', '));
  verb<{ email: string; role: string }>(asked, async (desk, options) => {
    const email = readEmail(options.email);
    const role = readWord('--role', options.role, ROLES);
    const made = await desk.audited(
      (trx) => invite(trx, { email, role }),
      ({ id }) => ({ action: 'admins.invite', subject: id, detail: { role } }),
    );
    return invited(desk, email, made);
  });

  const reset = noun
    .command('reset')
    .description(
      'begin anew for somebody: password, second factor and sessions are gone, and a new link is shown this once',
    )
    .requiredOption('--email <address>', 'whose');
  verb<{ email: string }>(reset, async (desk, options) => {
    const email = readEmail(options.email);
    const made = await desk.audited(
      (trx) => inviteAgain(trx, email),
      ({ id }) => ({ action: 'admins.reset', subject: id }),
    );
    return invited(desk, email, made);
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
        secondFactor: one.totpSince !== null,
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
    .option('--password-stdin', 'read the password from standard input instead of making one')
    .option('--must-change', 'nothing can be done with it but to choose another');
  verb<{ email: string; passwordStdin?: boolean; mustChange?: boolean }>(password, async (desk, options) => {
    const email = readEmail(options.email);
    const made = await newPassword(email, options.passwordStdin === true);
    const passwordHash = await hashPassword(made.password);
    const id = await desk.audited(
      (trx) => setPassword(trx, { email, passwordHash, mustChangePassword: options.mustChange === true }),
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

  const alone = noun
    .command('alone')
    .description('how much one person of the console may move alone within 24 hours; beyond it, a second one confirms')
    .requiredOption('--currency <code>', 'ISO 4217')
    .option('--above <amount>', 'at most, in major units; 0: nothing')
    .option('--none', 'no limit: cases are decided alone, while funding and adjusting always take two');
  verb<{ currency: string; above?: string; none?: boolean }>(alone, async (desk, options) => {
    const currency = readCurrency(options.currency);
    const { above } = options;
    if ((above === undefined) !== (options.none === true)) throw wrong('--above', 'Give --above, or --none.');
    const to = above === undefined ? null : /^0(\.0*)?$/.test(above) ? 0n : readAmount('--above', above, currency);
    const from = await dualControlLimit(desk.db, currency);
    const text = (minor: bigint | null) => (minor === null ? null : formatAmount(minor));
    await desk.audited(
      (trx) => setDualControlLimit(trx, { currency, from, to, actor: desk.actor.actor }),
      () => ({
        action: 'dual_control.change',
        subject: currency,
        detail: { currency, from: text(from), to: text(to) },
      }),
    );
    return {
      json: { currency, above: text(to) },
      text: facts([
        ['currency', currency],
        ['one person alone, in 24 hours', text(to) ?? 'no limit'],
      ]),
    };
  });
}
