// A mutation: one safety mechanism taken out of a copy of the source, and the test that must notice.

/** One replacement in one file. The text must occur there exactly once, so that nobody wonders which one was meant. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutation {
  readonly name: string;
  /** The mechanism, in the product's words. */
  readonly mechanism: string;
  /** What is taken out. A mechanism that several layers hold up is gone only when all of them are. */
  readonly removed: string;
  readonly edits: readonly Edit[];
  /** The file whose tests must notice. */
  readonly test: string;
  /** The sentences, or the beginnings of them, of which at least one must fail. */
  readonly notices: readonly string[];
  /** A sentence of the same file that must still hold: whoever breaks everything has proved nothing. */
  readonly holds: string;
  /** Whether running for ever counts as noticed: without the mechanism nothing may end. */
  readonly mayHang?: boolean;
}

/** What became of one mutation. Only `noticed` is good. */
export type Verdict =
  /** At least one of the sentences failed, and the one that must hold did. */
  | { readonly kind: 'noticed'; readonly by: readonly string[] }
  | { readonly kind: 'unnoticed' }
  /** The text it replaces is not there, or not once: the source has changed and the mutation must follow. */
  | { readonly kind: 'does_not_apply'; readonly why: string }
  /** What must still hold did not, or the tests could not run at all: it takes out more than its mechanism. */
  | { readonly kind: 'breaks_everything'; readonly why: string }
  | { readonly kind: 'no_such_test'; readonly why: string }
  | { readonly kind: 'hung' };
