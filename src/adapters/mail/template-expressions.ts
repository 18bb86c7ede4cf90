import Handlebars from 'handlebars';
import type { Source } from './template-source.ts';

/** Which fields views have, and what is in their lists; null where no view shows it. */
export type Shape = {
  readonly fields: ReadonlyMap<string, Shape>;
  readonly isList: boolean;
  readonly element: Shape | null;
};

/** The shape that values have together. */
export const shapeOf = (values: readonly unknown[]): Shape => {
  const elements = values.flatMap((value) => (Array.isArray(value) ? value : []));
  const entries = values
    .filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
    .flatMap((value) => Object.entries(value ?? {}));
  const byName = Map.groupBy(entries, ([name]) => name);
  return {
    fields: new Map([...byName].map(([name, found]) => [name, shapeOf(found.map(([, value]) => value))])),
    isList: values.some(Array.isArray),
    element: elements.length === 0 ? null : shapeOf(elements),
  };
};

/**
 * What is wrong with a template's mustaches, each with file and line: what does not parse, prints unescaped, or asks for
 * what no view of the shape has. Templates know `if`, `unless`, `each` and `with`, and nothing else. When a template is
 * filled nobody looks again whether its names are there.
 */
export const findExpressionFaults = (source: Source, shape: Shape): readonly string[] => {
  try {
    return walk(Handlebars.parse(source.text), shape).map(
      ({ line, message }) => `${source.placeOf(line)}: ${message}`,
    );
  } catch (thrown) {
    return [describeParseError(source, thrown instanceof Error ? thrown.message : String(thrown))];
  }
};

type Fault = { readonly line: number; readonly message: string };

const walk = (program: hbs.AST.Program, root: Shape): readonly Fault[] => {
  const faults: Fault[] = [];
  const scopes: (Shape | null)[] = [root];
  let loops = 0;
  const visitor = new Handlebars.Visitor();
  const refuse = ({ loc }: hbs.AST.Node, message: string): void => {
    faults.push({ line: loc.start.line, message });
  };
  const within = (scope: Shape | null, inner: hbs.AST.Program): void => {
    scopes.push(scope);
    visitor.accept(inner);
    scopes.pop();
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
    else visitor.accept(mustache.path);
  };
  visitor.BlockStatement = (block) => {
    const { original: helper } = block.path;
    const [subject, ...others] = block.params;
    if (!BLOCKS.has(helper) || subject === undefined || !isPath(subject) || others.length > 0) {
      refuse(
        block,
        `#${helper} is not understood; blocks are #if, #unless, #each and #with, each of one name`,
      );
      return;
    }
    visitor.accept(subject);
    const found = resolve(subject, scopes);
    const known = found === 'unknown' ? null : found;
    if (helper === 'each') {
      if (known?.isList === false) refuse(subject, `${subject.original} is no list`);
      loops += 1;
      // Of a list that is always empty nothing is known but that its elements can be printed.
      within(known === null ? null : (known.element ?? shapeOf([])), block.program);
      loops -= 1;
    } else if (helper === 'with') within(known, block.program);
    else visitor.accept(block.program);
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
/** `@index` and its like; `@root` would evade the scopes. */
const LOOP_DATA: ReadonlySet<string> = new Set(['index', 'first', 'last', 'key']);

const isPath = (expression: hbs.AST.Expression): expression is hbs.AST.PathExpression =>
  expression.type === 'PathExpression';

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
