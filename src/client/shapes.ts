// What each operation takes and gives, read off the generated description.
import type { operations } from './generated/description.ts';
import type { OPERATIONS } from './generated/operations.ts';

export type OperationName = keyof typeof OPERATIONS & keyof operations;

type Given<Parameters, Place extends 'path' | 'query'> = Parameters extends { [K in Place]?: infer P } ? P : never;
/** Whatever may be any text may be given as a number too: it is sent as text in any case. */
type Loose<Values> = { [K in keyof Values]: string extends Values[K] ? Values[K] | number : Values[K] };

type PathOf<Parameters> = [NonNullable<Given<Parameters, 'path'>>] extends [never]
  ? unknown
  : { readonly path: Given<Parameters, 'path'> };
type QueryOf<Parameters> = [NonNullable<Given<Parameters, 'query'>>] extends [never]
  ? unknown
  : { readonly query?: Loose<NonNullable<Given<Parameters, 'query'>>> };
type BodyOf<Operation> = Operation extends { requestBody: { content: { 'application/json': infer Body } } }
  ? { readonly body: Body }
  : unknown;

/** What is sent: `path`, `query` and `body`, as far as the operation has them. */
export type Input<Name extends OperationName> = PathOf<operations[Name]['parameters']> &
  QueryOf<operations[Name]['parameters']> &
  BodyOf<operations[Name]>;

type ContentOf<Answer> = Answer extends { content: { 'application/json': infer Body } } ? Body : string;
type Ok = 200 | 201 | 202;
type Good<Responses> =
  Responses extends Record<infer Status, unknown>
    ? { [S in Status & Ok & keyof Responses]: ContentOf<Responses[S]> }[Status & Ok & keyof Responses]
    : never;

/** What is answered when all is well: the body, parsed; text where it is a file. */
export type Output<Name extends OperationName> = Good<operations[Name]['responses']>;

/** Operations that answer a page of a list. */
export type ListName = {
  [Name in OperationName]: Output<Name> extends { data: readonly unknown[]; nextCursor: string | null } ? Name : never;
}[OperationName];
export type Item<Name extends ListName> = Output<Name> extends { data: readonly (infer One)[] } ? One : never;
