// The console: who gets in, who may do what, and that nothing is done but what was shown.
import type { Mutation } from '../mutation.ts';

const ACTIONS = 'test/admin/actions.test.ts';
const PEOPLE = 'test/admin/people.test.ts';
const OVERVIEW = 'test/admin/overview.test.ts';
const PANELS = 'test/admin/panels.test.ts';
const FORGED = 'test/admin/forged.test.ts';
const EXPORT = 'test/admin/export.test.ts';
const PLANTED = 'test/admin/planted.test.ts';
const OWN_FORMS = 'the same forms, sent as their pages send them';
const AT_ITS_MOST = 'ends at its most, here 1234';
const ROUTES = 'src/admin/routes/actions.ts';
const DONE = 'a look finds nothing new, and says so';
const CLOCK = 'a clock that is off by half a minute does, by two minutes not';
const WEAVE = 'test/admin/weave.test.ts';
const WOVEN = 'refuses a page of the order it has under a filter with an index';
const SEARCH = 'leads from an id to its page';

export const CONSOLE: readonly Mutation[] = [
  {
    name: 'action-permission',
    mechanism: 'An action of the console needs its permission',
    removed: 'the asking for it',
    edits: [{ file: ROUTES, find: "insistOn(c.get('session').role, action.permission);", replace: 'void insistOn;' }],
    test: ACTIONS,
    notices: ['is refused without its permission'],
    holds: DONE,
  },
  {
    name: 'form-token',
    mechanism: 'A form is believed only with the token of its session',
    removed: 'the comparison',
    edits: [
      {
        file: 'src/admin/browser.ts',
        find: 'if (given.length !== right.length || !timingSafeEqual(given, right))',
        replace: 'if (given.length > 1000 && timingSafeEqual(given, right))',
      },
    ],
    test: ACTIONS,
    notices: ['does nothing without its form'],
    holds: DONE,
  },
  {
    name: 'shown-is-done',
    mechanism: 'Nothing is carried out but what was shown',
    removed: 'holding the one against the other',
    edits: [
      {
        file: ROUTES,
        find: "if (outlineOf(effect.outline, input, isProposed) !== form['outline'])",
        replace: "if (form['outline'] === undefined)",
      },
    ],
    test: ACTIONS,
    notices: ['does nothing without its form'],
    holds: DONE,
  },
  {
    name: 'reason-given',
    mechanism: 'Every action has a reason',
    removed: 'the refusal of none',
    edits: [
      {
        file: ROUTES,
        find: "if (reason === '' || reason.length > REASON_LENGTH)",
        replace: 'if (reason.length > REASON_LENGTH)',
      },
    ],
    test: ACTIONS,
    notices: ['does nothing without its form'],
    holds: DONE,
  },
  {
    name: 'confirmed-first',
    mechanism: 'A sensitive action asks its person to prove to be there',
    removed: 'the asking',
    edits: [
      {
        file: ROUTES,
        find: "mustConfirm(action.permission) && !c.get('session').confirmed;",
        replace: "mustConfirm(action.permission) && c.get('session') === null;",
      },
    ],
    test: ACTIONS,
    notices: ['asks its person to prove to be there'],
    holds: DONE,
  },
  {
    name: 'code-counts-once',
    mechanism: 'A code of the second factor counts once',
    removed: 'remembering the last one',
    edits: [
      {
        file: 'src/admin/second-factor.ts',
        find: 'WHERE id = $1 AND totp_last_step < $2 RETURNING id',
        replace: 'WHERE id = $1 AND totp_last_step <= $2 RETURNING id',
      },
    ],
    test: PEOPLE,
    notices: ['the password alone opens nothing'],
    holds: CLOCK,
  },
  {
    name: 'half-session',
    mechanism: 'Between password and code a session opens nothing',
    removed: 'the difference between it and a whole one',
    edits: [
      {
        file: 'src/admin/session.ts',
        find: 'a.disabled_at IS NULL AND NOT s.needs_code AND',
        replace: 'a.disabled_at IS NULL AND',
      },
    ],
    test: PEOPLE,
    notices: ['the password alone opens nothing'],
    holds: CLOCK,
  },
  {
    name: 'code-guesses-count',
    mechanism: 'Guessing codes costs what guessing passwords costs',
    removed: 'counting on while the code is missing',
    edits: [
      {
        file: 'src/admin/sign-in.ts',
        find: 'if (!needsCode) await run(trx, SUCCEED, [person.id]);',
        replace: 'await run(trx, SUCCEED, [person.id]);',
      },
    ],
    test: PEOPLE,
    notices: ['codes are guessed at the same growing price'],
    holds: CLOCK,
  },
  {
    name: 'password-for-code',
    mechanism: 'Changing the password confirms nobody who has a second factor',
    removed: 'the mark of a session begun without a code',
    edits: [
      {
        file: 'src/admin/sign-in.ts',
        find: 'const isProved = person.totpSealed === null;',
        replace: 'const isProved = true;',
      },
    ],
    test: PEOPLE,
    notices: ['a new password does not stand in for the code'],
    holds: CLOCK,
  },
  {
    name: 'masked-accounts',
    mechanism: 'Panels mask the accounts of payers and recipients',
    removed: 'the mask on transactions',
    edits: [
      {
        file: 'src/admin/panels/transactions.ts',
        find: 'account: account === null ? null : maskAccount(account)',
        replace: 'account: account === null ? null : [maskAccount, account][1] as string',
      },
    ],
    test: PANELS,
    notices: ['are whole phones, names and accounts'],
    holds: SEARCH,
  },
  {
    name: 'bounded-lists',
    mechanism: 'A list looks through a bounded number of rows, whatever the filter',
    removed: 'the bound',
    edits: [
      {
        file: 'src/admin/panels/read.ts',
        find: 'const LOOKS_THROUGH = 10_000;',
        replace: 'const LOOKS_THROUGH = 10_000_000;',
      },
    ],
    test: PANELS,
    notices: ['whose rows are rare looks through a bounded number'],
    holds: SEARCH,
  },
  {
    name: 'woven-edge',
    mechanism: 'A page of payouts and collections goes on exactly behind the one before, in both walks',
    removed: 'the one of two ids of a moment whose prefix comes second',
    edits: [{ file: 'src/admin/panels/read.ts', find: "isBehind ? '=' : ''", replace: "isBehind ? '' : ''" }],
    test: WEAVE,
    notices: ['shows payouts and collections of one moment each once'],
    holds: WOVEN,
  },
  {
    name: 'woven-stop',
    mechanism: 'A page goes no further than the walk that stopped first',
    removed: 'the stop',
    edits: [
      {
        file: 'src/admin/panels/weave.ts',
        find: 'if (row === null) return { rows, next: place, stopped: true };',
        replace: 'if (row === null) { thread.at += 1; continue; }',
      },
    ],
    test: WEAVE,
    notices: ['shows each row that fits exactly once and in order'],
    holds: WOVEN,
  },
  {
    name: 'overview-permission',
    mechanism: 'The front page tells nobody what their role may not see',
    removed: 'the asking for the permission',
    edits: [
      {
        file: 'src/admin/pages/overview.ts',
        find: 'permission === undefined || may(role, permission)',
        replace: 'permission === undefined || role !== undefined || may(role, permission)',
      },
    ],
    test: OVERVIEW,
    notices: ['is told to whoever may see it'],
    holds: 'stands first, with its number and its list',
  },
  {
    name: 'activity-horizon',
    mechanism: 'Figures are added up behind every running database transaction',
    removed: 'the waiting for those',
    edits: [
      {
        file: 'migrations/20261101000022_activity.ts',
        find: '          AND h.xact < pg_snapshot_xmin(snapshot)\n',
        replace: '',
      },
    ],
    test: 'test/activity/activity.test.ts',
    notices: ['wait for a move that is written first'],
    holds: 'lose nothing and count nothing twice',
  },
  {
    name: 'activity-at-once',
    mechanism: 'Of several that add up figures at once one does it',
    removed: 'the lock',
    edits: [
      {
        file: 'migrations/20261101000022_activity.ts',
        find: "IF NOT pg_try_advisory_xact_lock(hashtextextended('activity', 0)) THEN",
        replace: 'IF false THEN',
      },
    ],
    test: 'test/activity/activity.test.ts',
    notices: ['are added up by one at a time'],
    holds: 'are the same before, while and after',
  },
  {
    name: 'form-origin',
    mechanism: 'A form is believed only from a page of the console',
    removed: 'the look at where it was sent from',
    edits: [
      {
        file: 'src/admin/browser.ts',
        find: "if ((site !== undefined && site !== 'same-origin') || !isOwn)",
        replace: "if (site === 'nowhere' && !isOwn)",
      },
    ],
    test: FORGED,
    notices: ['from another site is refused by every route', 'without an origin is refused by every route'],
    holds: OWN_FORMS,
  },
  {
    name: 'form-type',
    mechanism: 'What is sent to the console is a form, or is not read',
    removed: 'the look at its type',
    edits: [
      {
        file: 'src/admin/browser.ts',
        find: "if (c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() !== FORM)",
        replace: "if (c.req.header('content-type') === 'nothing')",
      },
    ],
    test: FORGED,
    notices: ['as plain text is refused by every route', 'as JSON is refused by every route'],
    holds: OWN_FORMS,
  },
  {
    name: 'board-looked-at',
    mechanism: 'The queues are looked at and never changed, not even from the page of the board',
    removed: 'the refusal of other methods, and the read-only mode behind it',
    edits: [
      {
        file: 'src/admin/app.ts',
        find: "app.on(['GET', 'HEAD'], ['/queues', '/queues/*']",
        replace: "app.on(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'], ['/queues', '/queues/*']",
      },
      { file: 'src/admin/board.ts', find: 'readOnlyMode: true,', replace: 'readOnlyMode: false,' },
    ],
    test: FORGED,
    notices: ['takes no change by any of its routes'],
    holds: OWN_FORMS,
  },
  {
    name: 'text-stays-text',
    mechanism: 'What anybody wrote is shown as text',
    removed: 'the escaping of a cell',
    edits: [
      {
        file: 'src/admin/pages/cell.ts',
        find: "import { html } from 'hono/html';",
        replace: "import { html, raw } from 'hono/html';",
      },
      {
        file: 'src/admin/pages/cell.ts',
        find: 'return html`${cell.text}`;',
        replace: 'return html`${raw(cell.text)}`;',
      },
    ],
    test: PLANTED,
    notices: ['is text on every page'],
    holds: 'is in every column of text, but where a constraint keeps it out',
  },
  {
    name: 'export-let-go',
    mechanism: 'An export ends with whoever asked for it, and makes room for the next',
    removed: 'the making of room',
    edits: [
      {
        file: 'src/admin/panels/csv.ts',
        find: 'ended();\n      await pieces.return(false);',
        replace: 'await pieces.return(false);',
      },
    ],
    test: EXPORT,
    notices: ['is sent as it is read'],
    holds: AT_ITS_MOST,
  },
  {
    name: 'exports-at-once',
    mechanism: 'Few exports run at a time',
    removed: 'the refusal of more',
    edits: [
      {
        file: 'src/admin/routes/panels.ts',
        find: 'if (exports >= EXPORTS_AT_ONCE)',
        replace: 'if (exports >= 100 * EXPORTS_AT_ONCE)',
      },
    ],
    test: EXPORT,
    notices: ['of twenty at once is given to two'],
    holds: AT_ITS_MOST,
  },
  {
    name: 'strangers-cost-the-same',
    mechanism: 'How long a sign-in takes does not tell who exists',
    removed: 'the hashing for nobody',
    edits: [
      {
        file: 'src/admin/password.ts',
        find: 'const given = await inTurn(() => derive(password, salt, cost));',
        replace:
          'if (known === null) return { right: false, outdated: false };\n  const given = await inTurn(() => derive(password, salt, cost));',
      },
    ],
    test: 'test/admin/session.test.ts',
    notices: ['takes as long for an address that nobody has'],
    holds: 'ends after twelve hours, however busy it was',
  },
  {
    name: 'one-hash-at-a-time',
    mechanism: 'However many sign in at once, passwords take the memory of one',
    removed: 'the turn that each waits for',
    edits: [{ file: 'src/admin/password.ts', find: 'const MOST_AT_ONCE = 1;', replace: 'const MOST_AT_ONCE = 100;' }],
    test: 'test/admin/session.test.ts',
    notices: ['takes no more than a few guesses into the queue for hashing'],
    holds: 'ends after twelve hours, however busy it was',
  },
];
