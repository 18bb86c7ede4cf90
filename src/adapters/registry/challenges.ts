/** What a registry asks for before it answers (RFC 9110 §11.6.1). */
export type Challenge = {
  /** In lower case, e.g. `basic`. */
  readonly scheme: string;
  /** By name in lower case, e.g. `realm`. */
  readonly parameters: ReadonlyMap<string, string>;
};

/** Reads a `WWW-Authenticate` header; several challenges stand in one, apart by commas as their parameters are. */
export const readChallenges = (header: string): readonly Challenge[] => {
  const challenges: { readonly scheme: string; readonly parameters: Map<string, string> }[] = [];
  for (const [, name = '', quoted, bare, scheme = ''] of header.matchAll(TOKENS)) {
    if (scheme !== '') challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    else challenges.at(-1)?.parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '');
  }
  return challenges;
};

/** A parameter, `name="quoted"` or `name=bare`, or else the name of a scheme. */
const TOKENS = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([\w-]+)/g;
