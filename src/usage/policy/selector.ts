import type { Namespace } from '../model.ts';

/** Which namespaces a rule is for: all given labels are equal, and the name matches a pattern (`*` is any text). */
export type NamespaceMatch = {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly names?: readonly string[] | undefined;
};

/** Whether a rule is for this namespace. A match without labels and names is for every namespace. */
export const isNamespaceMatch = (match: NamespaceMatch, namespace: Namespace): boolean =>
  Object.entries(match.labels ?? {}).every(([key, value]) => namespace.labels[key] === value) &&
  (match.names === undefined || match.names.some((pattern) => isGlobMatch(pattern, namespace.name)));

/** Whether the whole text matches a pattern. `*` stands for any characters, and everything else is literal. */
export const isGlobMatch = (pattern: string, text: string): boolean => {
  const [head = '', ...parts] = pattern.split('*');
  if (!text.startsWith(head)) return false;
  const tail = parts.pop();
  if (tail === undefined) return text === head;
  let position = head.length;
  for (const part of parts) {
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return text.length - tail.length >= position && text.endsWith(tail);
};

export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean;

/**
 * Reads a Kubernetes label selector as for `kubectl -l`: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. The empty
 * selector selects everything.
 */
export const parseLabelSelector = (
  text: string,
): { readonly selects: LabelSelector } | { readonly fault: string } => {
  const terms = text.trim() === '' ? [] : text.split(/,(?![^()]*\))/).map((term) => parseTerm(term.trim()));
  const requirements = terms.filter((term) => term !== null);
  return requirements.length === terms.length
    ? { selects: (labels) => requirements.every((isMet) => isMet(labels)) }
    : { fault: 'not a label selector such as environment=dev,team in (a,b),!archived' };
};

const KEY = String.raw`(?:[a-z0-9.-]+\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`;
const VALUE = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?`;
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);
const EQUALS = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*(${VALUE})$`);
const IN = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(\\s*(${VALUE}(?:\\s*,\\s*${VALUE})*)\\s*\\)$`);

const parseTerm = (term: string): LabelSelector | null => {
  const [, negation, existing] = EXISTS.exec(term) ?? [];
  if (existing !== undefined) return (labels) => Object.hasOwn(labels, existing) === (negation === '');
  const [, key, operator, value] = EQUALS.exec(term) ?? [];
  if (key !== undefined) return (labels) => (labels[key] === value) === (operator !== '!=');
  const [, member, relation, list = ''] = IN.exec(term) ?? [];
  if (member === undefined) return null;
  const values = new Set(list.split(',').map((entry) => entry.trim()));
  return (labels) => {
    const own = labels[member];
    return (own !== undefined && values.has(own)) === (relation === 'in');
  };
};
