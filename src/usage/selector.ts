import type { Namespace } from './registry.ts';

/** Which namespaces a rule is for: all given labels equal, and the name matches one of the patterns (`*` is any text). */
export type NamespaceMatch = {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly names?: readonly string[] | undefined;
};

/** Whether a rule is for this namespace. A match without labels and names is for all. */
export const isNamespaceMatch = (match: NamespaceMatch, namespace: Namespace): boolean =>
  Object.entries(match.labels ?? {}).every(([key, value]) => namespace.labels[key] === value) &&
  (match.names === undefined || match.names.some((pattern) => isGlobMatch(pattern, namespace.name)));

/** Whether the whole text matches a pattern in which `*` stands for any run of characters; all else is literal. */
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
