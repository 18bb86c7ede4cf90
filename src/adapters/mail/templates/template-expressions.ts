import Handlebars from 'handlebars';
import type { Source } from './template-source.ts';

/** What views are, which fields they have, and what is in their lists; null where no view shows it. */
export type Shape = {
  /** Empty where no view has anything there. */
  readonly kinds: ReadonlySet<Kind>;
  readonly fields: ReadonlyMap<string, Shape>;
  readonly element: Shape | null;
};

/** Numbers are text, too: both are printed as they are. */
type Kind = 'text' | 'truth' | 'list' | 'object';

/** The shape that values have together. */
export const shapeOf = (values: readonly unknown[]): Shape => {
  const elements = values.flatMap((value) => (Array.isArray(value) ? value : []));
  const entries = values
    .filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
    .flatMap((value) => Object.entries(value ?? {}));
  const byName = Map.groupBy(entries, ([name]) => name);
  return {
    kinds: new Set(values.flatMap((value) => kindOf(value) ?? [])),
    fields: new Map([...byName].map(([name, found]) => [name, shapeOf(found.map(([, value]) => value))])),
    element: elements.length === 0 ? null : shapeOf(elements),
  };
};

const kindOf = (value: unknown): Kind | null => {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'object';
  return typeof value === 'boolean' ? 'truth' : 'text';
};

/**
 * What is wrong with a template's mustaches, each with file and line: what does not parse, prints unescaped, prints what
 * is neither text nor a number, or asks for what no view of the shape has. Templates know `if`, `unless`, `each` and `with`, and nothing else. When a template is
 * filled nobody looks again whether its names are there.
 */
export const findExpressionFaults = (source: Source, shape: Shape): readonly string[] => {
  try {
    return [...findUnfilled(source.text), ...walk(Handlebars.parse(source.text), shape)].map(
      ({ line, message }) => `${source.placeOf(line)}: ${message}`,
    );
  } catch (thrown) {
    return [describeParseError(source, thrown instanceof Error ? thrown.message : String(thrown))];
  }
};

type Fault = { readonly line: number; readonly message: string };

/** What Handlebars prints as it stands, mustaches and all. */
const findUnfilled = (text: string): readonly Fault[] =>
  text
    .split('\n')
    .flatMap((line, index) => [
      ...(line.includes('{{{{')
        ? [{ line: index + 1, message: 'blocks in four braces are not understood' }]
        : []),
      ...(line.includes('\\{{')
        ? [{ line: index + 1, message: 'a mustache after a backslash is not filled' }]
        : []),
    ]);

const walk = (program: hbs.AST.Program, root: Shape): readonly Fault[] => {
  const faults: Fault[] = [];
  const scopes: (Shape | null)[] = [root];
  let loops = 0;
  const visitor = new Handlebars.Visitor();
  const refuse = ({ loc }: hbs.AST.Node, message: string): void => {
    faults.push({ line: loc.start.line, message });
  };

  visitor.PathExpression = (path) => {
    const isThere = path.data
      ? path.depth < loops && LOOP_DATA.has(path.parts.join('.'))
      : resolve(path, scopes) !== 'unknown';
    if (!isThere) {
      refuse(path, `there is no ${path.original} here`);
    }
  };
  visitor.MustacheStatement = (mustache) => {
    if (!mustache.escaped) refuse(mustache, 'prints without escaping; two braces, not three');
    if (mustache.params.length > 0 || mustache.hash !== undefined) {
      refuse(mustache, 'calls a function; there are none');
    } else if (!isPath(mustache.path)) refuse(mustache, 'prints what is no name');
    else {
      visitor.accept(mustache.path);
      if (!isPrintable(mustache.path, scopes)) {
        refuse(mustache, `${mustache.path.original} is no text: only text and numbers can be printed`);
      }
    }
  };
  visitor.BlockStatement = (block) => {
    const { original: helper } = block.path;
    const subject = subjectOf(block);
    if (subject === null) {
      refuse(
        block,
        `#${helper} is not understood; blocks are #if, #unless, #each and #with, each of one name`,
      );
      return;
    }
    // It would hide a field of the same name.
    if (hasBlockParameters(block)) refuse(block, 'names with as |…| are not understood');
    visitor.accept(subject);
    if (helper === 'each' || helper === 'with') {
      const { scope, fault } = enter(helper, subject, scopes);
      if (fault !== null) refuse(subject, fault);
      if (helper === 'each') loops += 1;
      scopes.push(scope);
      visitor.accept(block.program);
      scopes.pop();
      if (helper === 'each') loops -= 1;
    } else visitor.accept(block.program);
    if (block.inverse) visitor.accept(block.inverse);
  };
  visitor.PartialStatement = (partial) => refuse(partial, 'partials are not understood; include a file');
  visitor.PartialBlockStatement = (partial) => refuse(partial, 'partials are not understood; include a file');
  visitor.Decorator = (decorator) => refuse(decorator, 'decorators are not understood');
  visitor.DecoratorBlock = (decorator) => refuse(decorator, 'decorators are not understood');
  visitor.accept(program);
  return faults;
};

const BLOCKS: ReadonlySet<string> = new Set(['if', 'unless', 'each', 'with']);
/** Of `@index` and its like, whether it can be printed; `@root` would evade the scopes. */
const LOOP_DATA: ReadonlyMap<string, boolean> = new Map([
  ['index', true],
  ['key', true],
  ['first', false],
  ['last', false],
]);

const isPath = (expression: hbs.AST.Expression): expression is hbs.AST.PathExpression =>
  expression.type === 'PathExpression';

/** What is not known there is at fault already. */
const isPrintable = (path: hbs.AST.PathExpression, scopes: readonly (Shape | null)[]): boolean => {
  if (path.data) return LOOP_DATA.get(path.parts.join('.')) ?? true;
  const found = resolve(path, scopes);
  if (found === 'unknown' || found === null) return true;
  return found.kinds.size === 1 && found.kinds.has('text');
};

/** What a block is about; null where it is none of the four, or of more than one name. */
const subjectOf = ({ path, params, hash }: hbs.AST.BlockStatement): hbs.AST.PathExpression | null => {
  const [subject, ...others] = params;
  return BLOCKS.has(path.original) &&
    subject !== undefined &&
    isPath(subject) &&
    others.length === 0 &&
    hash === undefined
    ? subject
    : null;
};

/** Either part may be missing, whatever the type says: `{{^if alert}}` has an else only. */
const hasBlockParameters = ({ program, inverse }: hbs.AST.BlockStatement): boolean =>
  [program, inverse].some((part: hbs.AST.Program | undefined) => (part?.blockParams ?? []).length > 0);

/**
 * The scope inside of a block, null where nothing is known of it, and what is wrong with it. Handlebars counts a level
 * for `../../` only where what is inside differs from what is around it: a part of something always does, the same list
 * once more, or another text, may not. And a list of one text does not differ from this text.
 */
const enter = (
  helper: 'each' | 'with',
  subject: hbs.AST.PathExpression,
  scopes: readonly (Shape | null)[],
): { readonly scope: Shape | null; readonly fault: string | null } => {
  const { data, depth, parts, original } = subject;
  if (data || depth > 0 || parts.length === 0) {
    return { scope: null, fault: `#${helper} ${original} does not go down, to a name of what is around it` };
  }
  const found = resolve(subject, scopes);
  if (found === 'unknown' || found === null) return { scope: null, fault: null };
  if (helper === 'with') {
    return { scope: found, fault: found.kinds.has('object') ? null : `${original} has no names` };
  }
  // Of a list that is always empty nothing is known.
  const scope = found.element ?? shapeOf([]);
  return { scope, fault: found.kinds.has('list') ? null : `${original} is no list` };
};

/** The shape that a path leads to; null where nothing is known of it, for which there is a fault already. */
const resolve = (
  { depth, parts }: hbs.AST.PathExpression,
  scopes: readonly (Shape | null)[],
): Shape | null | 'unknown' => {
  let shape = scopes[scopes.length - 1 - depth];
  if (shape === undefined) return 'unknown';
  for (const part of parts) {
    if (shape === null) return null;
    shape = shape.fields.get(part);
    if (shape === undefined) return 'unknown';
  }
  return shape;
};

/** `Parse error on line 3:\nQUOTE\n----^\nExpecting …`, or `if doesn't match each - 2:3`. */
const describeParseError = (source: Source, message: string): string => {
  const line = Number(/on line (\d+)/.exec(message)?.[1] ?? / - (\d+):\d+$/.exec(message)?.[1] ?? 1);
  const reason = message
    .split('\n')
    .at(-1)
    ?.replace(/ - \d+:\d+$/, '');
  return `${source.placeOf(line)}: ${reason ?? message}`;
};
