/**
 * The images a Dockerfile builds on: its FROM lines without `scratch` and earlier stages. Defaults of ARG lines are
 * filled in; a name that still depends on a build argument is not known here and left out.
 */
export const findBaseImages = (dockerfile: string): readonly string[] => {
  const args = new Map<string, string>();
  const stages = new Set(['scratch']);
  const images: string[] = [];
  for (const line of dockerfile.replaceAll(/\\\r?\n/g, ' ').split('\n')) {
    const [, arg, value] = /^\s*ARG\s+(\w+)=["']?([^\s"']*)/i.exec(line) ?? [];
    if (arg !== undefined && value !== undefined) args.set(arg, value);
    const [, written, stage] = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line) ?? [];
    if (written === undefined) continue;
    const image = fillIn(written, args);
    if (!image.includes('$') && !stages.has(image.toLowerCase())) images.push(image);
    if (stage !== undefined) stages.add(stage.toLowerCase());
  }
  return images;
};

const fillIn = (written: string, args: ReadonlyMap<string, string>): string =>
  written.replaceAll(/\$(?:(\w+)|\{(\w+)\})/g, (whole, bare, braced) => args.get(bare ?? braced) ?? whole);
