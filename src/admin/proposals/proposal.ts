// Proposals: an action that takes two people, as the first one saw it; and its one end, by confirming, rejecting or withdrawing.
import type { Context } from '../../context.ts';
import { run, runAlone, type Trx, violatedUnique } from '../../db/knex.ts';
import { Conflict, Forbidden, NotFound, StaleState } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { digest } from '../../vault.ts';
import { ROLES, type Role } from '../administrator.ts';
import { may, PERMISSIONS, type Permission } from '../permissions.ts';
import type { Amounts } from './limit.ts';

export const PROPOSAL_STATES = ['open', 'executed', 'rejected', 'withdrawn', 'expired'] as const;
export type ProposalState = (typeof PROPOSAL_STATES)[number];

type Words = Readonly<Record<string, string>>;

export interface NewProposal {
  readonly panel: string;
  readonly subject: string;
  readonly action: string;
  readonly input: Words;
  readonly nevertheless: boolean;
  readonly reason: string;
  readonly outline: Words;
  readonly sentences: readonly string[];
  readonly moves: Amounts;
  readonly administratorId: string;
  readonly clientAddress: string | null;
}

// One that is too old makes room for the same again.
const EXPIRE = {
  name: 'expire_proposals',
  text: `UPDATE proposals SET state = 'expired', decided_at = now() WHERE digest = $1 AND state = 'open' AND expires_at <= now()`,
};
const OPEN = {
  name: 'open_proposal',
  text: `
    INSERT INTO proposals (id, panel, subject, action, input, nevertheless, reason, outline, shown, moves, digest, proposed_by,
      proposed_from, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now() + $14::bigint * interval '1 millisecond') RETURNING id`,
};

/** Writes it and gives its id. Raises Conflict when the same is proposed already. */
export async function openProposal(trx: Trx, of: NewProposal, patienceMs: number): Promise<string> {
  const id = newId('proposal');
  const same = digest(JSON.stringify([of.panel, of.subject, of.action, of.input]));
  const moves = Object.fromEntries([...of.moves].map(([currency, minor]) => [currency, minor.toString()]));
  const asked = [of.panel, of.subject, of.action, JSON.stringify(of.input), of.nevertheless, of.reason];
  const shown = [of.outline, { sentences: of.sentences }, moves].map((one) => JSON.stringify(one));
  try {
    await run(trx, EXPIRE, [same]);
    await run(trx, OPEN, [id, ...asked, ...shown, same, of.administratorId, of.clientAddress, patienceMs]);
    return id;
  } catch (error) {
    if (violatedUnique(error) !== 'proposals_one_open') throw error;
    throw new Conflict('conflict', 'The very same is proposed already, and waits for its second person.');
  }
}

/** For as long an account counts as that of whoever gave it its role or its way in. */
const OWN_MAKING = "interval '7 days'";

// Ada's second account at ada+2@example.com is Ada; and so is every account that she, or one of hers, has begun anew: its link was shown
// to her. FOR UPDATE: of two who decide at once the second one sees how the first one did.
const STANDING = (lock: string) => `
    SELECT p.state, p.expires_at <= now() AS late, p.proposed_by = $2 AS own, asked.email AS "proposedBy", asked.role AS "proposerRole",
      asked.disabled_at IS NOT NULL AS "proposerIsOut", second.role, second.disabled_at IS NOT NULL AS "isOut",
      ${mailbox('asked')} = ${mailbox('second')} AS "sameMailbox",
      EXISTS (SELECT FROM audit_log l WHERE l.subject = $2 AND l.actor = 'admin:' || p.proposed_by AND l.at > now() - ${OWN_MAKING}
        AND l.action = 'admins.change_role') AS "ownMaking",
      EXISTS (
        WITH RECURSIVE hands AS (
          SELECT account, account AS hand FROM unnest(ARRAY[p.proposed_by, $2]) AS account
          UNION SELECT h.account, substr(l.actor, 7) FROM hands h JOIN audit_log l ON l.subject = h.hand
            WHERE l.action = 'admins.reset' AND l.actor LIKE 'admin:%' AND l.at > now() - ${OWN_MAKING})
        SELECT FROM hands one JOIN hands other USING (hand) WHERE one.account = p.proposed_by AND other.account = $2
      ) AS "sameHand"
    FROM proposals p JOIN administrators asked ON asked.id = p.proposed_by JOIN administrators second ON second.id = $2
    WHERE p.id = $1 ${lock}`;
const READ_STANDING = { name: 'read_standing_of_proposal', text: STANDING('') };
const LOCK_STANDING = { name: 'lock_standing_of_proposal', text: STANDING('FOR UPDATE OF p') };

function mailbox(alias: string): string {
  return `regexp_replace(${alias}.email, '\\+[^@]*@', '@')`;
}

interface Standing {
  readonly state: ProposalState;
  readonly late: boolean;
  readonly own: boolean;
  readonly proposedBy: string;
  readonly proposerRole: Role;
  readonly proposerIsOut: boolean;
  readonly role: Role;
  readonly isOut: boolean;
  readonly sameMailbox: boolean;
  readonly ownMaking: boolean;
  readonly sameHand: boolean;
}

const ENDED = { executed: 'done', rejected: 'rejected', withdrawn: 'withdrawn', expired: 'too old' } as const;

/** Raises StaleState when it is open no more. */
function insistOnOpen({ state, late }: Standing): void {
  const end = state === 'open' ? (late ? ENDED.expired : null) : ENDED[state];
  if (end !== null) throw new StaleState(`The proposal is ${end} already: nothing was done now.`);
}

/** What makes somebody a second person. Raises Forbidden `second_person`. */
function insistOnSecond(of: Standing, permission: Permission): void {
  const { what, least } = PERMISSIONS[permission];
  const refuse = (why: string) => new Forbidden(why, 'second_person');
  if (of.own) throw refuse('You proposed it yourself: somebody else has to confirm it.');
  if (of.sameMailbox)
    throw refuse(`This account has the mailbox of ${of.proposedBy}, who proposed it: it is no second person.`);
  if (of.ownMaking)
    throw refuse(`${of.proposedBy}, who proposed it, gave this account its role within 7 days: ask another approver.`);
  if (of.sameHand)
    throw refuse(
      `${of.proposedBy}, who proposed it, and this account may be one person: within 7 days one began the other anew, or somebody both. Ask another approver.`,
    );
  if (of.isOut || !may(of.role, permission))
    throw refuse(`Whoever confirms it must be allowed to ${what} as well: that takes the role ${least}.`);
  if (of.proposerIsOut || !may(of.proposerRole, permission))
    throw refuse(`${of.proposedBy}, who proposed it, may not ${what} any more. Propose it yourself, or reject it.`);
}

/** Whether this person could confirm it as things are. Raises NotFound, StaleState and Forbidden that say why not. */
export async function checkSecond(
  ctx: Context,
  of: { readonly id: string; readonly administratorId: string; readonly permission: Permission },
): Promise<void> {
  const [standing] = await runAlone<Standing>(ctx.db, READ_STANDING, [of.id, of.administratorId]);
  if (standing === undefined) throw new NotFound('There is no such proposal.');
  insistOnOpen(standing);
  insistOnSecond(standing, of.permission);
}

const HAS_SECOND = {
  name: 'has_second_person',
  text: `
    SELECT EXISTS (SELECT FROM administrators a JOIN administrators asked ON asked.id = $1
      WHERE a.role = ANY($2) AND a.disabled_at IS NULL AND ${mailbox('a')} <> ${mailbox('asked')}) AS "hasSecond"`,
};

/** Whether there is anybody else who could confirm what this person proposes. */
export async function hasSecond(
  ctx: Context,
  of: { readonly administratorId: string; readonly permission: Permission },
): Promise<boolean> {
  const roles = ROLES.filter((role) => may(role, 'proposals.confirm') && may(role, of.permission));
  const [row] = await runAlone<{ hasSecond: boolean }>(ctx.db, HAS_SECOND, [of.administratorId, roles]);
  return row?.hasSecond === true;
}

const END = {
  name: 'end_proposal',
  text: 'UPDATE proposals SET state = $2, decided_by = $3, decided_at = now(), decision_reason = $4 WHERE id = $1',
};

interface Ending {
  readonly id: string;
  readonly administratorId: string;
  readonly reason: string;
}

/** Ends it as done, in the commit that does it. Raises what `checkSecond` raises, now under the proposal's lock. */
export async function endExecuted(trx: Trx, of: Ending & { readonly permission: Permission }): Promise<void> {
  const standing = await locked(trx, of);
  insistOnSecond(standing, of.permission);
  await run(trx, END, [of.id, 'executed', of.administratorId, of.reason]);
}

/** Ends it undone: withdrawn by whoever proposed it, rejected by anybody else. Raises StaleState when it had ended already. */
export async function endUndone(trx: Trx, of: Ending): Promise<'withdrawn' | 'rejected'> {
  const state = (await locked(trx, of)).own ? 'withdrawn' : 'rejected';
  await run(trx, END, [of.id, state, of.administratorId, of.reason]);
  return state;
}

async function locked(trx: Trx, of: Ending): Promise<Standing> {
  const [standing] = await run<Standing>(trx, LOCK_STANDING, [of.id, of.administratorId]);
  if (standing === undefined) throw new NotFound('There is no such proposal.');
  insistOnOpen(standing);
  return standing;
}
