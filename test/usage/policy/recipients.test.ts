import { describe, expect, test } from 'vitest';
import { chooseRecipients, isDomainAllowed, parseAddress } from '../../../src/usage/policy/recipients.ts';
import type { RecipientRules } from '../../../src/usage/policy/recipients.ts';
import type { Namespace } from '../../../src/usage/model.ts';
import { namespace } from '../build.ts';

const rules = (given: Partial<RecipientRules> = {}): RecipientRules => ({
  annotations: { contacts: 'contacts', addresses: ['product-owner', 'technical-lead', 'owner'] },
  roles: {},
  overrides: [],
  fallback: 'platform@example.test',
  allowedDomains: ['example.test'],
  ...given,
});

const annotated = (annotations: Readonly<Record<string, string>>): Namespace =>
  namespace('a1b2c3-dev', { annotations });

const withContacts = (contacts: unknown): Namespace => annotated({ contacts: JSON.stringify(contacts) });

const addressesOf = (given: Namespace, by: RecipientRules = rules()): readonly string[] =>
  chooseRecipients(given, by).recipients.map(({ address }) => address);

const codesOf = (given: Namespace, by: RecipientRules = rules()): readonly string[] =>
  chooseRecipients(given, by).findings.map(({ code }) => code);

describe('an address', () => {
  test.each([
    ['ann@example.test', 'ann@example.test'],
    ['Ann.Lee+registry@EXAMPLE.Test', 'Ann.Lee+registry@example.test'],
    ["o'neil_1-2=3@sub.example.test", "o'neil_1-2=3@sub.example.test"],
    [`${'l'.repeat(64)}@example.test`, `${'l'.repeat(64)}@example.test`],
    ['a@xn--bcher-kva.example.test', 'a@xn--bcher-kva.example.test'],
  ])('%s is read', (text, address) => {
    expect(parseAddress(text)).toEqual({ address });
  });

  test.each([
    '',
    'ann',
    '@example.test',
    'ann@',
    'ann@@example.test',
    'ann@example.test@example.test',
    'ann lee@example.test',
    ' ann@example.test',
    'ann@example.test ',
    'ann@example.test\n',
    'ann@example.test\r\nBcc: eve@example.test',
    'ann\r\n@example.test',
    'ann\0@example.test',
    'ann@example.test,eve@example.test',
    'ann@example.test;eve@example.test',
    'ann@example.test eve@example.test',
    'Ann <ann@example.test>',
    '<ann@example.test>',
    'ann@example.test (Ann)',
    '"ann lee"@example.test',
    '"ann"@example.test',
    'ann\\@example.test',
    'ann`id`@example.test',
    '.ann@example.test',
    'ann.@example.test',
    'ann..lee@example.test',
    `${'l'.repeat(65)}@example.test`,
    'ann@[192.0.2.1]',
    'ann@example_test.test',
    'аnn@example.test',
    'ann@exаmple.test',
    'ann@example\u3002test',
    'ann@bücher.example.test',
    'ann@\u212aexample.test',
    'ann\u202e@example.test',
    'mailto:ann@example.test',
  ])('%j is no plain address', (text) => {
    expect(parseAddress(text)).toEqual({ fault: 'not one plain address such as name@example.test' });
  });

  test.each([
    'ann@localhost',
    'ann@example.',
    'ann@.example.test',
    'ann@example..test',
    'ann@-example.test',
    'ann@example-.test',
    'ann@example.test.',
    `ann@${'d'.repeat(64)}.test`,
  ])('%j is in no full domain', (text) => {
    expect(parseAddress(text)).toEqual({ fault: 'not in a full domain such as example.test' });
  });
});

describe('a domain', () => {
  test.each([
    { name: 'that is listed exactly', domain: 'example.test', allowed: ['example.test'], is: true },
    { name: 'whatever its case', domain: 'EXAMPLE.test', allowed: ['Example.TEST'], is: true },
    { name: 'that is not listed', domain: 'example.com', allowed: ['example.test'], is: false },
    {
      name: 'below one that is listed exactly',
      domain: 'sub.example.test',
      allowed: ['example.test'],
      is: false,
    },
    { name: 'that only ends like one', domain: 'evilexample.test', allowed: ['example.test'], is: false },
    { name: 'that only begins like one', domain: 'example.test.evil', allowed: ['example.test'], is: false },
    { name: 'below a wildcard', domain: 'sub.example.test', allowed: ['*.example.test'], is: true },
    {
      name: 'two levels below a wildcard',
      domain: 'a.b.example.test',
      allowed: ['*.Example.test'],
      is: true,
    },
    { name: 'of a wildcard itself', domain: 'example.test', allowed: ['*.example.test'], is: false },
    {
      name: 'that only ends like a wildcard’s',
      domain: 'evilexample.test',
      allowed: ['*.example.test'],
      is: false,
    },
    { name: 'beside a lone star', domain: 'example.test', allowed: ['*'], is: false },
    { name: 'where nothing is listed', domain: 'example.test', allowed: [], is: false },
    { name: 'that is the second one listed', domain: 'b.test', allowed: ['a.test', 'b.test'], is: true },
  ])('$name', ({ domain, allowed, is }) => {
    expect(isDomainAllowed(domain, allowed)).toBe(is);
  });
});

describe('the contacts annotation', () => {
  test('gives every address with its role and the rule that chose it', () => {
    const given = withContacts([
      { email: 'zoe@example.test', role: 'Product Owner' },
      { email: 'ann@example.test', role: 'Technical Lead', phone: 'ignored' },
    ]);
    expect(chooseRecipients(given, rules())).toEqual({
      recipients: [
        { address: 'ann@example.test', roles: ['Technical Lead'], rule: 'annotation:contacts' },
        { address: 'zoe@example.test', roles: ['Product Owner'], rule: 'annotation:contacts' },
      ],
      noRecipientReason: null,
      findings: [],
    });
  });

  test('has its roles mapped, and an unknown one still gets mail', () => {
    const given = withContacts([
      { email: 'ann@example.test', role: 'PO' },
      { email: 'zoe@example.test', role: 'astronaut' },
    ]);
    const { recipients } = chooseRecipients(given, rules({ roles: { PO: 'Product Owner' } }));
    expect(recipients.map(({ roles }) => roles)).toEqual([['Product Owner'], ['astronaut']]);
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'may call a role %s like something every object has',
    (role) => {
      const given = annotated({ contacts: `[{"email":"ann@example.test","role":"${role}"}]` });
      expect(chooseRecipients(given, rules()).recipients).toEqual([
        { address: 'ann@example.test', roles: [role], rule: 'annotation:contacts' },
      ]);
    },
  );

  test.each([
    { name: 'no role', contact: { email: 'ann@example.test' } },
    { name: 'a role that is a number', contact: { email: 'ann@example.test', role: 7 } },
    { name: 'a role of spaces', contact: { email: 'ann@example.test', role: '  ' } },
    { name: 'a role that is null', contact: { email: 'ann@example.test', role: null } },
  ])('may give $name', ({ contact }) => {
    expect(chooseRecipients(withContacts([contact]), rules())).toMatchObject({
      recipients: [{ address: 'ann@example.test', roles: [] }],
      findings: [],
    });
  });

  test('may have spaces around address and role', () => {
    const given = withContacts([{ email: '  ann@example.test\n', role: ' Lead ' }]);
    expect(chooseRecipients(given, rules()).recipients).toMatchObject([
      { address: 'ann@example.test', roles: ['Lead'] },
    ]);
  });

  test.each([
    { name: 'empty', text: '' },
    { name: 'no JSON', text: 'ann@example.test' },
    { name: 'cut off', text: '[{"email":"ann@example.test"}' },
    { name: 'an object', text: '{"email":"ann@example.test"}' },
    { name: 'a text', text: '"ann@example.test"' },
    { name: 'null', text: 'null' },
    { name: 'a number', text: '7' },
    { name: 'nested far too deep', text: '['.repeat(100_000) },
  ])('that is $name is a finding, and the next source is asked', ({ text }) => {
    const given = annotated({ contacts: text, owner: 'zoe@example.test' });
    expect(chooseRecipients(given, rules())).toEqual({
      recipients: [{ address: 'zoe@example.test', roles: ['owner'], rule: 'annotation:owner' }],
      noRecipientReason: null,
      findings: [
        {
          code: 'contacts-invalid',
          subject: 'contacts',
          message:
            'The annotation is not a JSON array such as [{"email": "name@example.test", "role": "Owner"}], so it is ignored.',
        },
      ],
    });
  });

  test.each([
    { name: 'a text', entry: 'ann@example.test' },
    { name: 'null', entry: null },
    { name: 'a number', entry: 7 },
    { name: 'a list', entry: ['ann@example.test'] },
    { name: 'an object without email', entry: { mail: 'ann@example.test' } },
    { name: 'a numeric email', entry: { email: 42 } },
    { name: 'a null email', entry: { email: null } },
    { name: 'a nested email', entry: { email: { address: 'ann@example.test' } } },
    { name: 'a list of emails', entry: { email: ['ann@example.test'] } },
    { name: 'an empty email', entry: { email: ' ' } },
  ])('with an entry that is $name reports that entry and uses the others', ({ entry }) => {
    const given = withContacts([entry, { email: 'zoe@example.test' }]);
    const { recipients, findings } = chooseRecipients(given, rules());
    expect(recipients.map(({ address }) => address)).toEqual(['zoe@example.test']);
    expect(findings).toEqual([
      {
        code: 'contacts-invalid',
        subject: 'contacts[0]',
        message: 'The entry has no "email" text, so it is ignored.',
      },
    ]);
  });

  test.each([
    'ann@example.test, eve@example.test',
    'ann@example.test\r\nBcc: eve@example.test',
    '"ann"@example.test',
    'аnn@example.test',
    'Ann <ann@example.test>',
  ])('with the email %j reports it and uses the others', (email) => {
    const given = withContacts([{ email }, { email: 'zoe@example.test' }]);
    const { recipients, findings } = chooseRecipients(given, rules());
    expect(recipients.map(({ address }) => address)).toEqual(['zoe@example.test']);
    expect(findings).toEqual([
      {
        code: 'address-refused',
        subject: email,
        message:
          'annotation:contacts names it, but it is not one plain address such as name@example.test, so it gets no mail.',
      },
    ]);
  });

  test('with an address outside the allowed domains reports it and uses the others', () => {
    const given = withContacts([{ email: 'Eve@Example.com' }, { email: 'zoe@example.test' }]);
    const { recipients, findings } = chooseRecipients(given, rules());
    expect(recipients.map(({ address }) => address)).toEqual(['zoe@example.test']);
    expect(findings).toEqual([
      {
        code: 'domain-refused',
        subject: 'Eve@example.com',
        message:
          'annotation:contacts names it, but the domain example.com is not in mail.allowedDomains, so it gets no mail.',
      },
    ]);
  });

  test('with one address in two spellings has one recipient with both roles, once each', () => {
    const given = withContacts([
      { email: 'Ann@example.test', role: 'Lead' },
      { email: 'ann@EXAMPLE.test', role: 'Owner' },
      { email: 'ANN@example.test', role: 'Lead' },
    ]);
    expect(chooseRecipients(given, rules()).recipients).toEqual([
      { address: 'Ann@example.test', roles: ['Lead', 'Owner'], rule: 'annotation:contacts' },
    ]);
  });

  test('with 25 addresses uses the first 20, sorted, and reports the others', () => {
    const emails = Array.from({ length: 25 }, (_, position) => `p${99 - position}@example.test`);
    const given = withContacts(emails.map((email) => ({ email })));
    const { recipients, findings } = chooseRecipients(given, rules());
    expect(recipients.map(({ address }) => address)).toEqual(emails.slice(0, 20).toSorted());
    expect(findings).toEqual(
      emails.slice(20).map((email) => ({
        code: 'address-refused',
        subject: email,
        message: 'Only the first 20 addresses of a namespace are used, so this one gets no mail.',
      })),
    );
  });

  test('of 5,000 entries has the first 100 read, so that it cannot flood a report with findings', () => {
    const given = withContacts(
      Array.from({ length: 5000 }, (_, position) =>
        position < 100 ? position : { email: 'zoe@example.test' },
      ),
    );
    const { recipients, findings } = chooseRecipients(given, rules({ fallback: null }));
    expect(recipients).toEqual([]);
    expect(findings).toHaveLength(102);
    expect(findings[100]).toEqual({
      code: 'contacts-invalid',
      subject: 'contacts',
      message: 'Only the first 100 entries are read; the others are ignored.',
    });
  });

  test('with an email of 200,000 characters shows the beginning of it', () => {
    const { findings } = chooseRecipients(withContacts([{ email: 'a'.repeat(200_000) }]), rules());
    expect(findings[0]).toMatchObject({ code: 'address-refused', subject: 'a'.repeat(318) });
  });

  test('counts one address in 25 spellings once', () => {
    const given = withContacts(Array.from({ length: 25 }, () => ({ email: 'ann@example.test' })));
    expect(chooseRecipients(given, rules())).toMatchObject({
      recipients: [{ address: 'ann@example.test' }],
      findings: [],
    });
  });

  test('may be another key', () => {
    const given = annotated({ 'example.com/people': '[{"email":"ann@example.test"}]', contacts: 'no JSON' });
    const by = rules({ annotations: { contacts: 'example.com/people', addresses: [] } });
    expect(chooseRecipients(given, by)).toEqual({
      recipients: [{ address: 'ann@example.test', roles: [], rule: 'annotation:example.com/people' }],
      noRecipientReason: null,
      findings: [],
    });
  });
});

describe('plain-address annotations', () => {
  test('all count, each with its key as role and rule', () => {
    const given = annotated({ 'technical-lead': 'zoe@example.test', 'product-owner': ' ann@example.test ' });
    expect(chooseRecipients(given, rules({ roles: { 'technical-lead': 'Lead' } })).recipients).toEqual([
      { address: 'ann@example.test', roles: ['product-owner'], rule: 'annotation:product-owner' },
      { address: 'zoe@example.test', roles: ['Lead'], rule: 'annotation:technical-lead' },
    ]);
  });

  test('that name one person give her all their roles and the first rule', () => {
    const given = annotated({ owner: 'ANN@example.test', 'product-owner': 'ann@example.test' });
    expect(chooseRecipients(given, rules()).recipients).toEqual([
      { address: 'ann@example.test', roles: ['product-owner', 'owner'], rule: 'annotation:product-owner' },
    ]);
  });

  test('are not read where the contacts yield an address', () => {
    const given = annotated({ contacts: '[{"email":"ann@example.test"}]', owner: 'not an address' });
    expect(chooseRecipients(given, rules())).toMatchObject({
      recipients: [{ address: 'ann@example.test' }],
      findings: [],
    });
  });

  test('are read where the contacts yield none that is allowed', () => {
    const given = annotated({ contacts: '[{"email":"ann@example.com"}]', owner: 'zoe@example.test' });
    expect(addressesOf(given)).toEqual(['zoe@example.test']);
    expect(codesOf(given)).toEqual(['domain-refused']);
  });

  test('are read where the contacts are an empty list', () => {
    expect(addressesOf(annotated({ contacts: '[]', owner: 'zoe@example.test' }))).toEqual([
      'zoe@example.test',
    ]);
  });

  test('that hold two addresses are refused', () => {
    const given = annotated({ owner: 'ann@example.test zoe@example.test' });
    expect(addressesOf(given)).toEqual(['platform@example.test']);
    expect(codesOf(given)).toEqual(['address-refused', 'no-recipient']);
  });

  test('that are empty name nobody', () => {
    expect(codesOf(annotated({ owner: ' ' }))).toEqual(['no-recipient']);
  });
});

describe('an override', () => {
  const given = namespace('a1b2c3-dev', {
    labels: { environment: 'dev' },
    annotations: { contacts: '[{"email":"ann@example.test","role":"Lead"}]', owner: 'zoe@example.test' },
  });

  test('by name replaces every other source', () => {
    const overrides = [{ match: { names: ['a1b2c3-*'] }, replace: ['admin@example.test'] }];
    expect(chooseRecipients(given, rules({ overrides }))).toEqual({
      recipients: [{ address: 'admin@example.test', roles: [], rule: 'overrides[0]' }],
      noRecipientReason: null,
      findings: [],
    });
  });

  test('by label adds to the source that wins', () => {
    const overrides = [{ match: { labels: { environment: 'dev' } }, add: ['admin@example.test'] }];
    expect(chooseRecipients(given, rules({ overrides })).recipients).toEqual([
      { address: 'admin@example.test', roles: [], rule: 'overrides[0]' },
      { address: 'ann@example.test', roles: ['Lead'], rule: 'annotation:contacts' },
    ]);
  });

  test('that matches first wins over later ones', () => {
    const overrides = [
      { match: { names: ['other'] }, replace: ['no@example.test'] },
      { match: {}, add: ['first@example.test'] },
      { match: {}, replace: ['second@example.test'] },
    ];
    expect(chooseRecipients(given, rules({ overrides })).recipients).toMatchObject([
      { address: 'ann@example.test' },
      { address: 'first@example.test', rule: 'overrides[1]' },
    ]);
  });

  test('for other namespaces changes nothing', () => {
    const overrides = [{ match: { names: ['other'] }, replace: ['no@example.test'] }];
    expect(addressesOf(given, rules({ overrides }))).toEqual(['ann@example.test']);
  });

  test('that adds an address the team names gives it the team’s role and the admin’s rule', () => {
    const overrides = [{ match: {}, add: ['ANN@example.test'] }];
    expect(chooseRecipients(given, rules({ overrides })).recipients).toEqual([
      { address: 'ANN@example.test', roles: ['Lead'], rule: 'overrides[0]' },
    ]);
  });

  test('that adds is enough where the namespace names nobody', () => {
    const overrides = [{ match: {}, add: ['admin@example.test'] }];
    expect(chooseRecipients(namespace('x'), rules({ overrides }))).toEqual({
      recipients: [{ address: 'admin@example.test', roles: [], rule: 'overrides[0]' }],
      noRecipientReason: null,
      findings: [],
    });
  });

  test('that adds keeps its place before the first 20 of the team', () => {
    const team = withContacts(Array.from({ length: 20 }, (_, i) => ({ email: `a${i}@example.test` })));
    const overrides = [{ match: {}, add: ['zz@example.test'] }];
    const addresses = addressesOf(team, rules({ overrides }));
    expect(addresses).toHaveLength(20);
    expect(addresses).toContain('zz@example.test');
    expect(addresses).not.toContain('a19@example.test');
  });

  test('may replace everybody by nobody: then the fallback is told, and why', () => {
    const chosen = chooseRecipients(given, rules({ overrides: [{ match: {}, replace: [] }] }));
    expect(chosen.recipients).toMatchObject([{ address: 'platform@example.test', rule: 'fallback' }]);
    expect(chosen.noRecipientReason).toBe('the configuration replaces all contacts with an empty list');
  });

  test('obeys the allowed domains: what replaces may leave nobody but the fallback', () => {
    const overrides = [{ match: {}, replace: ['admin@example.com'] }];
    expect(addressesOf(given, rules({ overrides }))).toEqual(['platform@example.test']);
    expect(codesOf(given, rules({ overrides }))).toEqual(['domain-refused', 'no-recipient']);
  });

  test('obeys the allowed domains: what adds is left out and reported', () => {
    const overrides = [{ match: {}, add: ['admin@example.com'] }];
    expect(addressesOf(given, rules({ overrides }))).toEqual(['ann@example.test']);
    expect(codesOf(given, rules({ overrides }))).toEqual(['domain-refused']);
  });
});

describe('the fallback mailbox', () => {
  const nobody = 'no annotation names a contact (contacts, product-owner, technical-lead, owner)';
  const toPlatform = (reason: string): string =>
    `None of its own contacts gets the mail, because ${reason}. The platform’s mailbox gets it instead.`;

  test('is told with the reason where the namespace names nobody', () => {
    expect(chooseRecipients(namespace('a1b2c3-dev'), rules())).toEqual({
      recipients: [{ address: 'platform@example.test', roles: ['platform'], rule: 'fallback' }],
      noRecipientReason: nobody,
      findings: [{ code: 'no-recipient', subject: 'a1b2c3-dev', message: toPlatform(nobody) }],
    });
  });

  test.each([
    { name: 'contacts cannot be read', contacts: 'x', reason: 'the annotation contacts cannot be read' },
    {
      name: 'no contact is an address',
      contacts: '[{"email":"ann"}]',
      reason: 'no contact is a usable address',
    },
    {
      name: 'contacts are outside the allowed domains',
      contacts: '[{"email":"ann@example.com"}]',
      reason: 'no contact is in a domain of mail.allowedDomains',
    },
    {
      name: 'one contact is no address and the other outside the allowed domains',
      contacts: '[{"email":"ann"},{"email":"ann@example.com"}]',
      reason: 'no contact is in a domain of mail.allowedDomains',
    },
    {
      name: 'no entry has an email',
      contacts: '["ann@example.test",{"mail":"ann@example.test"}]',
      reason: 'no entry of the annotation contacts has an email',
    },
    { name: 'contacts are an empty list', contacts: '[]', reason: nobody },
  ])('is told why where $name', ({ contacts, reason }) => {
    const chosen = chooseRecipients(annotated({ contacts }), rules());
    expect(chosen.noRecipientReason).toBe(reason);
    expect(chosen.recipients.map(({ rule }) => rule)).toEqual(['fallback']);
    expect(chosen.findings.at(-1)).toMatchObject({ code: 'no-recipient', message: toPlatform(reason) });
  });

  test('may be missing: then nobody is told, and the reason is there', () => {
    expect(chooseRecipients(namespace('x'), rules({ fallback: null }))).toEqual({
      recipients: [],
      noRecipientReason: nobody,
      findings: [
        {
          code: 'no-recipient',
          subject: 'x',
          message: `None of its own contacts gets the mail, because ${nobody}. Nobody gets it.`,
        },
      ],
    });
  });

  test('obeys the allowed domains, too', () => {
    const by = rules({ fallback: 'platform@example.com' });
    expect(addressesOf(namespace('x'), by)).toEqual([]);
    expect(codesOf(namespace('x'), by)).toEqual(['domain-refused', 'no-recipient']);
  });

  test('is nobody while no domain is allowed, and neither is anyone else', () => {
    const given = annotated({ contacts: '[{"email":"ann@example.test"}]' });
    const chosen = chooseRecipients(given, rules({ allowedDomains: [] }));
    expect(chosen.recipients).toEqual([]);
    expect(chosen.noRecipientReason).toBe('mail.allowedDomains is empty, so no mail may be sent');
  });
});

describe('who asked for the project', () => {
  const given = annotated({ 'openshift.io/requester': 'ann@example.test' });

  test('is never told', () => {
    expect(addressesOf(given)).toEqual(['platform@example.test']);
  });

  test('is not told where the configuration says so either', () => {
    const annotations = { contacts: 'contacts', addresses: ['openshift.io/requester'] };
    expect(addressesOf(given, rules({ annotations }))).toEqual(['platform@example.test']);
  });
});

test.each(['constructor', 'toString'])(
  'an annotation that may be called %s is none where it is absent',
  (key) => {
    for (const annotations of [
      { contacts: key, addresses: [] },
      { contacts: 'contacts', addresses: [key] },
    ]) {
      expect(codesOf(namespace('x'), rules({ annotations }))).toEqual(['no-recipient']);
    }
  },
);
