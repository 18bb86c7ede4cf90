import { formatCount } from '../format.ts';
import type { Finding, Namespace } from '../model.ts';
import { isNamespaceMatch } from './selector.ts';
import type { NamespaceMatch } from './selector.ts';
import { textOf } from '../text-map.ts';

/** A person who gets the mail about a namespace. */
export type RecipientReport = {
  readonly address: string;
  readonly roles: readonly string[];
  /** Which rule chose the address, e.g. `annotation:contacts`. */
  readonly rule: string;
};

/** The configured part of choosing recipients (docs/figures.md). */
export type RecipientRules = {
  readonly annotations: {
    /** Key of the annotation that holds a JSON array `[{email, role, …}]`. */
    readonly contacts: string;
    /** Keys of annotations that each hold one plain address. All of them count, and the key is the role. */
    readonly addresses: readonly string[];
  };
  /** From the role as teams write it to the role as mails show it. An unknown role is shown unchanged. */
  readonly roles: Readonly<Record<string, string>>;
  readonly overrides: readonly RecipientOverride[];
  /** The platform's mailbox for namespaces without a usable contact; null for none. */
  readonly fallback: string | null;
  /** Exact domains, or `*.example.test` for all its subdomains; empty: nobody gets mail. */
  readonly allowedDomains: readonly string[];
};

/** The first match wins. `replace` is used instead of every other source, `add` in addition to them. */
export type RecipientOverride = { readonly match: NamespaceMatch } & (
  { readonly replace: readonly string[] } | { readonly add: readonly string[] }
);

/** Who gets the mail about a namespace, or why none of its own contacts do. */
export type ChosenRecipients = {
  /** Sorted by address; at most 20. */
  readonly recipients: readonly RecipientReport[];
  /** Why none of the namespace's own addresses can be used; null when one can. */
  readonly noRecipientReason: string | null;
  readonly findings: readonly Finding[];
};

/** The most addresses that get a namespace's mail. */
const MAX_RECIPIENTS = 20;
/** The most entries of a contacts annotation to read; it may have 100,000. */
const MAX_CONTACTS = 100;
/** The longest possible address. A finding shows no more than this of a text that is not one. */
const MAX_ADDRESS_LENGTH = 318;
/** The project's requester never gets mail, whatever the configuration says. */
const REQUESTER = 'openshift.io/requester';

/** The rule of the platform's own mailbox. */
export const FALLBACK_RULE = 'fallback';
/** The rule of an address that an operator typed: it gets a mail in place of all recipients of a namespace. */
export const BY_HAND_RULE = '--to';

/** Chooses who gets the mail about a namespace: the first source that gives an allowed address wins. */
export const chooseRecipients = (namespace: Namespace, rules: RecipientRules): ChosenRecipients => {
  const override = rules.overrides.findIndex(({ match }) => isNamespaceMatch(match, namespace));
  const sources = listSources(namespace, rules, override).map((source) =>
    allow(source, rules.allowedDomains),
  );
  const winner = sources.find(({ isAddition, candidates }) => !isAddition && candidates.length > 0);
  const tried = winner === undefined ? sources : sources.slice(0, sources.indexOf(winner) + 1);
  const chosen = sources.filter((source) => source.isAddition || source === winner);
  const own = unite(chosen.flatMap(({ candidates }) => candidates));
  const findings = tried.flatMap((source) => source.findings);
  if (own.length > 0) {
    const dropped = own.slice(MAX_RECIPIENTS).map(({ address }) => refuse(address, TOO_MANY));
    return {
      recipients: own.slice(0, MAX_RECIPIENTS).toSorted(byAddress),
      noRecipientReason: null,
      findings: [...findings, ...dropped],
    };
  }
  const reason = explainNobody(findings, rules, rules.overrides[override]);
  const fallback = allow(
    {
      isAddition: false,
      candidates:
        rules.fallback === null ? [] : [{ address: rules.fallback, role: 'platform', rule: FALLBACK_RULE }],
      findings: [],
    },
    rules.allowedDomains,
  );
  const recipients = unite(fallback.candidates);
  const outcome = recipients.length > 0 ? 'The platform’s mailbox gets it instead' : 'Nobody gets it';
  const message = `None of its own contacts gets the mail, because ${reason}. ${outcome}.`;
  const nobody = finding('no-recipient', namespace.name, message);
  return {
    recipients,
    noRecipientReason: reason,
    findings: [...findings, ...fallback.findings, nobody],
  };
};

const TOO_MANY = `Only the first ${String(MAX_RECIPIENTS)} addresses of a namespace are used, so this one gets no mail.`;

/** Reads one address strictly: ASCII, one `local@domain`, nothing around it. Returns the domain in lower case. */
export const parseAddress = (text: string): { readonly address: string } | { readonly fault: string } => {
  const match = /^([A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64})@([A-Za-z0-9.-]{1,253})$/.exec(text);
  const [, local = '', domain = ''] = match ?? [];
  if (match === null || local.startsWith('.') || local.endsWith('.') || local.includes('..')) {
    return { fault: 'not one plain address such as name@example.test' };
  }
  const labels = domain.split('.');
  return labels.length > 1 &&
    labels.every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label))
    ? { address: `${local}@${domain.toLowerCase()}` }
    : { fault: 'not in a full domain such as example.test' };
};

/** Whether mail may go to a domain: it is listed exactly, or is below a listed `*.domain`. Ignores case. */
export const isDomainAllowed = (domain: string, allowed: readonly string[]): boolean => {
  const name = domain.toLowerCase();
  return allowed.some((entry) =>
    entry.startsWith('*.') ? name.endsWith(entry.slice(1).toLowerCase()) : name === entry.toLowerCase(),
  );
};

type Candidate = { readonly address: string; readonly role: string | null; readonly rule: string };

type Source = {
  /** Is used in addition to whichever other source wins. */
  readonly isAddition: boolean;
  readonly candidates: readonly Candidate[];
  readonly findings: readonly Finding[];
};

const listSources = (namespace: Namespace, rules: RecipientRules, index: number): readonly Source[] => {
  const override = rules.overrides[index];
  const rule = `overrides[${String(index)}]`;
  const own = [readContacts(namespace, rules), ...readPlainAddresses(namespace, rules)];
  if (override === undefined) return own;
  const addresses = 'replace' in override ? override.replace : override.add;
  const candidates = addresses.map((address) => ({ address, role: null, rule }));
  return 'replace' in override
    ? [{ isAddition: false, candidates, findings: [] }]
    : [{ isAddition: true, candidates, findings: [] }, ...own];
};

const readContacts = (namespace: Namespace, rules: RecipientRules): Source => {
  const key = rules.annotations.contacts;
  const text = textOf(namespace.annotations, key);
  if (text === undefined) return { isAddition: false, candidates: [], findings: [] };
  const contacts = parseArray(text);
  if (contacts === null) {
    const message =
      'The annotation is not a JSON array such as [{"email": "name@example.test", "role": "Owner"}], so it is ignored.';
    return { isAddition: false, candidates: [], findings: [finding('contacts-invalid', key, message)] };
  }
  const candidates: Candidate[] = [];
  const findings: Finding[] = [];
  for (const [position, contact] of contacts.slice(0, MAX_CONTACTS).entries()) {
    const email = readText(contact, 'email');
    const role = readText(contact, 'role');
    if (email === null) {
      const message = 'The entry has no "email" text, so it is ignored.';
      findings.push(finding('contacts-invalid', `${key}[${String(position)}]`, message));
    } else {
      candidates.push({
        address: email,
        role: role === null ? null : nameRole(role, rules),
        rule: `annotation:${key}`,
      });
    }
  }
  if (contacts.length > MAX_CONTACTS) {
    const message = `Only the first ${formatCount(MAX_CONTACTS, 'entry', 'entries')} are read; the others are ignored.`;
    findings.push(finding('contacts-invalid', key, message));
  }
  return { isAddition: false, candidates, findings };
};

const readPlainAddresses = (namespace: Namespace, rules: RecipientRules): readonly Source[] => {
  const keys = rules.annotations.addresses.filter((key) => key !== REQUESTER);
  const candidates = keys.flatMap((key) => {
    const address = textOf(namespace.annotations, key)?.trim() ?? '';
    return address === '' ? [] : [{ address, role: nameRole(key, rules), rule: `annotation:${key}` }];
  });
  return [{ isAddition: false, candidates, findings: [] }];
};

const nameRole = (role: string, { roles }: RecipientRules): string => textOf(roles, role) ?? role;

/** Drops texts that are not addresses, and addresses in domains that are not allowed. Each gets a finding. */
const allow = (source: Source, allowedDomains: readonly string[]): Source => {
  const candidates: Candidate[] = [];
  const findings: Finding[] = [...source.findings];
  for (const candidate of source.candidates) {
    const { address, rule } = candidate;
    const parsed = parseAddress(address);
    if ('fault' in parsed) {
      findings.push(refuse(address, `${rule} names it, but it is ${parsed.fault}, so it gets no mail.`));
    } else if (!isDomainAllowed(domainOf(parsed.address), allowedDomains)) {
      const message = `${rule} names it, but the domain ${domainOf(parsed.address)} is not in mail.allowedDomains, so it gets no mail.`;
      findings.push(finding('domain-refused', parsed.address, message));
    } else {
      candidates.push({ ...candidate, address: parsed.address });
    }
  }
  return { ...source, candidates, findings };
};

/** Makes one entry per address, ignoring case, in the given order. Roles are joined, and the first rule is kept. */
const unite = (candidates: readonly Candidate[]): readonly RecipientReport[] => {
  const united = new Map<string, RecipientReport>();
  for (const { address, role, rule } of candidates) {
    const key = address.toLowerCase();
    const known = united.get(key) ?? { address, roles: [], rule };
    const roles = role === null || known.roles.includes(role) ? known.roles : [...known.roles, role];
    united.set(key, { ...known, roles });
  }
  return [...united.values()];
};

const byAddress = (a: RecipientReport, b: RecipientReport): number =>
  a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1;

const explainNobody = (
  findings: readonly Finding[],
  { allowedDomains, annotations: { contacts, addresses } }: RecipientRules,
  override: RecipientOverride | undefined,
): string => {
  if (allowedDomains.length === 0) return 'mail.allowedDomains is empty, so no mail may be sent';
  const codes = new Set(findings.map(({ code }) => code));
  if (codes.has('domain-refused')) return 'no contact is in a domain of mail.allowedDomains';
  if (codes.has('address-refused')) return 'no contact is a usable address';
  if (findings.some(({ subject }) => subject === contacts))
    return `the annotation ${contacts} cannot be read`;
  if (codes.has('contacts-invalid')) return `no entry of the annotation ${contacts} has an email`;
  if (override !== undefined && 'replace' in override)
    return 'the configuration replaces all contacts with an empty list';
  return `no annotation names a contact (${[contacts, ...addresses].join(', ')})`;
};

const refuse = (address: string, message: string): Finding =>
  finding('address-refused', address.slice(0, MAX_ADDRESS_LENGTH), message);

const finding = (code: Finding['code'], subject: string, message: string): Finding => ({
  code,
  subject,
  message,
});

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

const parseArray = (text: string): readonly unknown[] | null => {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : null;
  } catch {
    return null;
  }
};

const readText = (value: unknown, key: 'email' | 'role'): string | null => {
  if (typeof value !== 'object' || value === null || !(key in value)) return null;
  const text: unknown = Reflect.get(value, key);
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : null;
};
