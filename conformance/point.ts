// A point of the kit: one thing an adapter must do, and how what it did is held against it.
import { isDeepStrictEqual } from 'node:util';
import type { Stage } from './stage.ts';

export interface Point {
  /** A short name for the report, such as `send-window`. */
  readonly id: string;
  /** What is expected, as a sentence. */
  readonly expected: string;
  /** Whether it is about callbacks, which an adapter may leave out. */
  readonly webhooks?: true;
  check(stage: Stage, see: See): Promise<void>;
}

/** Holds what was seen against what is expected (its named parts; a `Rule` where a value will not do). Raises Disagreement. */
export type See = (what: string, seen: unknown, expected: unknown) => void;

/** The adapter did something else than the port asks for. */
export class Disagreement extends Error {
  override name = 'Disagreement';
}

/** An expectation that is a condition rather than a value. */
export class Rule {
  readonly words: string;
  readonly holds: (seen: unknown) => boolean;
  constructor(words: string, holds: (seen: never) => boolean) {
    this.words = words;
    this.holds = holds as Rule['holds'];
  }
}

export const atMost = (most: number) => new Rule(`at most ${most}`, (seen: number) => seen <= most);
export const anyOf = (...words: readonly unknown[]) =>
  new Rule(words.map(show).join(' or '), (seen: unknown) => words.includes(seen));

/** A `See` that counts what agreed into `tally`. */
export function seeInto(tally: Map<string, number>): See {
  return (what, seen, expected) => {
    if (!agrees(seen, expected)) {
      throw new Disagreement(`${what}: ${show(partOf(seen, expected))}, not ${show(expected)}`);
    }
    const shown = hasKind(seen) ? nameOf(seen) : show(partOf(seen, expected));
    tally.set(shown, (tally.get(shown) ?? 0) + 1);
  };
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Rule);

function agrees(seen: unknown, expected: unknown): boolean {
  if (expected instanceof Rule) return expected.holds(seen);
  if (!isPlain(expected)) return isDeepStrictEqual(seen, expected);
  return isPlain(seen) && Object.entries(expected).every(([name, value]) => agrees(seen[name], value));
}

/** Of a value what an expectation names, so that a report shows the difference and not all around it. */
function partOf(seen: unknown, expected: unknown): unknown {
  if (!isPlain(seen) || !isPlain(expected)) return seen;
  const names = Object.keys(expected).concat(hasKind(seen) ? ['kind', 'code'] : []);
  return Object.fromEntries(
    Object.entries(seen).flatMap(([name, value]) =>
      names.includes(name) ? [[name, partOf(value, expected[name])]] : [],
    ),
  );
}

type Ending = { readonly kind: string; readonly code?: unknown };
const hasKind = (value: unknown): value is Ending => isPlain(value) && typeof value['kind'] === 'string';
const nameOf = ({ kind, code }: Ending) => (code === undefined ? kind : `${kind}(${String(code)})`);

/** A value in a few words: endings as `unknown(timeout)` with what else there is, everything else as JSON. */
export function show(value: unknown): string {
  if (value instanceof Rule) return value.words;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (hasKind(value)) {
    const { kind: _, code: __, ...rest } = value;
    return Object.keys(rest).length === 0 ? nameOf(value) : `${nameOf(value)} ${show(rest)}`;
  }
  const text = JSON.stringify(value, (_, part) =>
    typeof part === 'bigint' ? `${part}n` : part instanceof Rule ? part.words : part,
  );
  return text === undefined ? 'nothing' : text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
