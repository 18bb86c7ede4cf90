/** Rules of ours that the linter does not bring along. */

type Context = { readonly report: (fault: { readonly node: object; readonly message: string }) => void };
type Call = {
  readonly callee: { readonly type: string; readonly name?: string };
  readonly arguments: readonly object[];
};
type ImportCall = { readonly source: { readonly type: string } };
type Export = { readonly source?: object | null };

/** `new Date()` and `Date()` read the clock; with an argument it only converts. */
const noClock = {
  create: (context: Context) => {
    const refuse = (node: Call): void => {
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'Date' || node.arguments.length > 0)
        return;
      context.report({ node, message: 'The time is an argument here.' });
    };
    return { NewExpression: refuse, CallExpression: refuse };
  },
};

/** What a file exports, it holds: no barrels. */
const noReExport = {
  create: (context: Context) => {
    const refuse = (node: Export): void => {
      if (node.source) context.report({ node, message: 'Import it from where it is defined.' });
    };
    return { ExportAllDeclaration: refuse, ExportNamedDeclaration: refuse };
  },
};

/** An import whose path is put together at run time escapes the import table. */
const noComputedImport = {
  create: (context: Context) => ({
    ImportExpression: (node: ImportCall): void => {
      if (node.source.type !== 'Literal')
        context.report({ node, message: 'Write the path out as a string.' });
    },
  }),
};

/** The linter takes a plugin as a default export. */
const plugin = {
  meta: { name: 'quotagram' },
  rules: { 'no-clock': noClock, 'no-re-export': noReExport, 'no-computed-import': noComputedImport },
};

export default plugin;
