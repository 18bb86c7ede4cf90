import type { NamespaceMatch } from './selector.ts';

/** The configured part of choosing recipients (product.md §6). */
export type RecipientRules = {
  readonly annotations: {
    /** Key of the annotation that holds a JSON array `[{email, role, …}]`. */
    readonly contacts: string;
    /** Keys of annotations that hold one plain address each, tried in order; the key is the role. */
    readonly addresses: readonly string[];
  };
  /** Role as teams write it → role as mails show it; an unknown role stays as it is. */
  readonly roles: Readonly<Record<string, string>>;
  readonly overrides: readonly RecipientOverride[];
  /** The platform's mailbox for namespaces with nobody to tell; null for none. */
  readonly fallback: string | null;
  /** Exact domains, or `*.example.test` for all its subdomains; empty: nobody gets mail. */
  readonly allowedDomains: readonly string[];
};

/** First match wins. `replace` stands instead of every other source, `add` comes on top of them. */
export type RecipientOverride = { readonly match: NamespaceMatch } & (
  | { readonly replace: readonly string[] }
  | { readonly add: readonly string[] }
);
