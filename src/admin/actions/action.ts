// An action of the console: what it would do is worked out and shown first, and only that is done, for a reason, by whoever may.
import type { Actor } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { NewEntry } from '../../ledger/journal.ts';
import type { Cell } from '../panels/cell.ts';
import type { Permission } from '../permissions.ts';

/** What an action would do, as it is shown before anything is written. */
export interface Effect {
  /** One sentence each. */
  readonly sentences: readonly string[];
  readonly facts?: readonly (readonly [label: string, cell: Cell])[];
  /** Exactly what would be posted; absent where an action has nothing to do with the book. */
  readonly entries?: readonly NewEntry[];
  /** What speaks against it; whoever does it all the same ticks a box that says so. */
  readonly against?: string | null;
  /** By name, whatever must not have changed between showing and doing. */
  readonly outline: Outline;
  /** The money that moves by it, per currency and in hundredths; absent where none does. Above a limit it takes a second person. */
  readonly moves?: ReadonlyMap<string, bigint>;
  /** It takes a second person whatever it moves. */
  readonly takesTwo?: boolean;
}

export type Outline = Readonly<Record<string, string>>;

/** What the form asks for besides a reason. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly required?: true;
  /** What stands in it to begin with. */
  readonly value?: string;
  /** A choice among these; absent: text. */
  readonly options?: readonly (readonly [value: string, label: string])[];
  /** A moment in UTC, or something that the form carries without asking: a name made for what it would write. */
  readonly kind?: 'moment' | 'carried';
}

export interface Ordered {
  readonly row: Record<string, unknown>;
  readonly input: Readonly<Record<string, string>>;
  readonly actor: Actor;
}

export interface Carried extends Ordered {
  readonly reason: string;
  /** The box beside what speaks against it was ticked. */
  readonly nevertheless: boolean;
  /** What was shown. Where it is no longer so, nothing is done. */
  readonly outline: Outline;
  readonly moves: ReadonlyMap<string, bigint>;
  /** Who confirms it, where it was proposed; then `actor` and `reason` are those of whoever proposed it. Null: one person alone. */
  readonly second: Second | null;
}

export interface Second {
  readonly proposalId: string;
  readonly by: Actor;
  readonly reason: string;
}

/** How it ended: a sentence for the page it leads back to, or something that is shown this once and never again. */
export interface Done {
  readonly sentence: string;
  readonly shownOnce?: readonly (readonly [label: string, cell: Cell])[];
  /** Another row than the one it was done to. */
  readonly leadsTo?: string;
}

export interface Action {
  readonly name: string;
  readonly panel: string;
  /** On the button, such as `Freeze`. */
  readonly label: string;
  readonly permission: Permission;
  /** Moves money or ends something for good: its button looks like it. */
  readonly isGrave?: true;
  /** One person alone moves money by it only where a limit says up to where. */
  readonly needsLimit?: true;
  /** Whether there is anything to do with this row as it is; a question of what to show, never of what may happen. */
  readonly fits: (row: Record<string, unknown>) => boolean;
  /** Whether its button is for this person; absent: for everybody who may. */
  readonly isFor?: (row: Record<string, unknown>, administratorId: string) => boolean;
  readonly fields?: (row: Record<string, unknown>) => readonly Field[];
  /** Works it out; writes nothing. Raises what says why it cannot be done. */
  readonly preview: (ctx: Context, of: Ordered) => Promise<Effect>;
  /** Does it and writes it into the audit log with `record`, in one commit. Raises StaleState when it is no longer what was shown. */
  readonly carryOut: (ctx: Context, of: Carried) => Promise<Done>;
}
