/**
 * The images a Dockerfile builds on: those of its FROM lines, and those that COPY and RUN take files from, without
 * `scratch` and earlier stages. Build arguments are filled in, else the defaults of ARG lines; a name that still
 * depends on one is not known here and left out.
 */
export const findBaseImages = (
  dockerfile: string,
  buildArgs: ReadonlyMap<string, string>,
): readonly string[] => {
  const args = new Map(buildArgs);
  const stages = new Set(['scratch']);
  const images: string[] = [];
  const add = (written: string): void => {
    const image = fillIn(written, args);
    const isStage = stages.has(image.toLowerCase()) || /^\d+$/.test(image);
    if (!image.includes('$') && !isStage) images.push(image);
  };
  for (const line of listLines(dockerfile)) {
    for (const [name, value] of argumentsOf(line)) {
      if (!buildArgs.has(name)) args.set(name, fillIn(value, args));
    }
    for (const source of sourcesOf(line)) add(source);
    const [, written, stage] = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line) ?? [];
    if (written !== undefined) add(written);
    if (stage !== undefined) stages.add(stage.toLowerCase());
  }
  return images;
};

/** A line that ends in a backslash goes on in the next one that is no comment. */
const listLines = (dockerfile: string): readonly string[] =>
  dockerfile
    .replaceAll(/^[ \t]*#.*(?:\r?\n|$)/gm, '')
    .replaceAll(/\\[ \t]*\r?\n/g, ' ')
    .split('\n');

/** `ARG NAME=value`, of which one line may hold several; those without a default are left out. */
const argumentsOf = (line: string): readonly (readonly [name: string, value: string])[] => {
  const [, declared = ''] = /^\s*ARG\s+(.*)/i.exec(line) ?? [];
  return [...declared.matchAll(/(\w+)=(?:"([^"]*)"|'([^']*)'|(\S*))/g)].map(
    ([, name = '', double, single, bare = '']) => [name, double ?? single ?? bare],
  );
};

/** `COPY --from=…` and `RUN --mount=…,from=…`. */
const sourcesOf = (line: string): readonly string[] => {
  const [, options = ''] = /^\s*(?:COPY|ADD|RUN)((?:\s+--\S+)+)/i.exec(line) ?? [];
  return [...options.matchAll(/\s--(?:from=|mount=(?:[^\s,]+,)*from=)([^\s,]+)/gi)].map(
    ([, source = '']) => source,
  );
};

/** `$NAME`, `${NAME}` and `${NAME:-default}`. */
const fillIn = (written: string, args: ReadonlyMap<string, string>): string =>
  written.replaceAll(
    /\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})/g,
    (whole: string, bare?: string, braced?: string, fallback?: string) =>
      (fallback === undefined ? args.get(bare ?? braced ?? '') : args.get(braced ?? '') || fallback) ?? whole,
  );
