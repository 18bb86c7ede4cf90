import Handlebars from 'handlebars';
import { AppError } from '../../errors.ts';

/** Fills a template from a view. */
export type FillTemplate = (view: unknown) => string;

/**
 * Compiles a template in which `findExpressionFaults` finds nothing: what it makes of a view is what Handlebars makes of it
 * in strict mode, for which helpers and prototypes are most of the work. `escape` is applied to every value once.
 * @throws AppError `internal` when filling, where a view lacks what the template prints
 */
export const compileFill = (template: string, escape: (text: string) => string): FillTemplate => {
  const fill = compileProgram(Handlebars.parse(template), escape);
  return (view) => fill({ value: view, outer: null, turn: null });
};

/** What names are looked up in; `..` is the one around it. */
type Scope = { readonly value: unknown; readonly outer: Scope | null; readonly turn: Turn | null };

/** Where an `#each` is: `@index` and its like; `@../index` is that of the one around it. */
type Turn = {
  readonly index: number;
  readonly key: number | string;
  readonly first: boolean;
  readonly last: boolean;
  readonly outer: Turn | null;
};

type Fill = (scope: Scope) => string;
type Escape = (text: string) => string;

const compileProgram = ({ body }: hbs.AST.Program, escape: Escape): Fill => {
  const fills = body.filter(isPrinted).map((statement) => compileStatement(statement, escape));
  return (scope) => {
    let filled = '';
    for (const fill of fills) filled += fill(scope);
    return filled;
  };
};

const isPrinted = (statement: hbs.AST.Statement): boolean =>
  isContent(statement) ? statement.value !== '' : statement.type !== 'CommentStatement';

const compileStatement = (statement: hbs.AST.Statement, escape: Escape): Fill => {
  if (isContent(statement)) return () => statement.value;
  if (isBlock(statement)) return compileBlock(statement, escape);
  if (!isMustache(statement) || !isPath(statement.path)) throw notUnderstood(statement);
  const read = compilePath(statement.path, readOrFail);
  return (scope) => {
    const value = read(scope);
    return value === null || value === undefined ? '' : escape(String(value));
  };
};

const compileBlock = (block: hbs.AST.BlockStatement, escape: Escape): Fill => {
  const [subject] = block.params;
  if (subject === undefined || !isPath(subject)) throw notUnderstood(block);
  const read = compilePath(subject, readOrNothing);
  const inner = compileProgram(block.program, escape);
  const otherwise: Fill = block.inverse ? compileProgram(block.inverse, escape) : () => '';
  switch (block.path.original) {
    case 'if':
      return (scope) => (isTrue(read(scope)) ? inner(scope) : otherwise(scope));
    case 'unless':
      return (scope) => (isTrue(read(scope)) ? otherwise(scope) : inner(scope));
    case 'with':
      return (scope) => {
        const value = read(scope);
        // Zero is something, though not true.
        return isTrue(value) || value === 0
          ? inner({ value, outer: scope, turn: scope.turn })
          : otherwise(scope);
      };
    case 'each':
      return (scope) => fillEach(read(scope), scope, inner) ?? otherwise(scope);
    default:
      throw notUnderstood(block);
  }
};

/** Fills it for each element of a list or field of an object; null where there is none. */
const fillEach = (value: unknown, outer: Scope, fill: Fill): string | null => {
  const keys = isRecord(value) && !Array.isArray(value) ? Object.keys(value) : null;
  const values: readonly unknown[] = Array.isArray(value)
    ? value
    : isRecord(value)
      ? Object.values(value)
      : [];
  if (values.length === 0) return null;
  let filled = '';
  for (let index = 0; index < values.length; index += 1) {
    const turn = {
      index,
      key: keys?.[index] ?? index,
      first: index === 0,
      last: index === values.length - 1,
      outer: outer.turn,
    };
    filled += fill({ value: values[index], outer, turn });
  }
  return filled;
};

/** As Handlebars has it, for which an empty list is nothing. */
const isTrue = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));

/** Reads what a path leads to: nothing, or a fault where there is no such thing. */
const compilePath = ({ data, depth, parts }: hbs.AST.PathExpression, readField: ReadField): Read =>
  parts.reduce<Read>(
    (read, name) => (scope) => readField(read(scope), name),
    data
      ? ({ turn }) => findOuter(turn, depth)
      : depth === 0
        ? ({ value }) => value
        : (scope) => findOuter(scope, depth)?.value,
  );

type Read = (scope: Scope) => unknown;
type ReadField = (value: unknown, name: string) => unknown;

const findOuter = <Level extends { readonly outer: Level | null }>(
  from: Level | null,
  steps: number,
): Level | null => {
  let found = from;
  for (let step = 0; step < steps; step += 1) found = found?.outer ?? null;
  return found;
};

const readOrNothing: ReadField = (value, name) =>
  isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const readOrFail: ReadField = (value, name) => {
  if (isRecord(value) && Object.hasOwn(value, name)) return value[name];
  throw new AppError('internal', `A mail template prints ${name}, which its view does not have.`);
};

const notUnderstood = ({ type, loc }: hbs.AST.Node): AppError =>
  new AppError(
    'internal',
    `A mail template has a ${type} in line ${String(loc.start.line)} that is not understood.`,
  );

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isContent = (node: hbs.AST.Node): node is hbs.AST.ContentStatement => node.type === 'ContentStatement';
const isMustache = (node: hbs.AST.Node): node is hbs.AST.MustacheStatement =>
  node.type === 'MustacheStatement';
const isBlock = (node: hbs.AST.Node): node is hbs.AST.BlockStatement => node.type === 'BlockStatement';
const isPath = (node: hbs.AST.Node): node is hbs.AST.PathExpression => node.type === 'PathExpression';
