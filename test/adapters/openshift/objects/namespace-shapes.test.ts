import { describe, expect, test } from 'vitest';
import { takeSnapshots } from '../../../../src/usage/snapshots.ts';
import type { QuotaRules } from '../../../../src/usage/policy/quota.ts';
import type { RecipientRules } from '../../../../src/usage/policy/recipients.ts';
import type { NamespaceReport } from '../../../../src/usage/report/report.ts';
import { rules, selection, sha256, reportOf } from '../../../usage/build.ts';
import { apiStream, NAMESPACE, pushedImage, readObjects } from '../api-objects.ts';
import { gather } from '../../../listed-inventory.ts';

/** Every shape of what a Namespace object says of recipients and quota: from the object to the report. */

const A = sha256('a');

const reportOnNamespace = (
  metadata: object,
  given: { readonly recipients?: Partial<RecipientRules>; readonly quota?: Partial<QuotaRules> } = {},
): NamespaceReport => {
  const usual = rules();
  const read = readObjects({
    namespaces: [{ metadata: { ...metadata, name: NAMESPACE } }],
    imagestreams: [apiStream('api', { latest: [A] })],
    images: [pushedImage(A, { base: 997 })],
  });
  return reportOf(
    takeSnapshots(gather(read), selection()).takeSnapshot(NAMESPACE),
    rules({
      recipients: { ...usual.recipients, ...given.recipients },
      quota: { ...usual.quota, ...given.quota },
    }),
  );
};

const told = ({ recipients }: NamespaceReport): readonly string[] =>
  recipients.map(({ address, roles, rule }) => `${address} (${roles.join(', ')}) by ${rule}`);

const messagesOf = ({ findings }: NamespaceReport): readonly string[] =>
  findings.map(({ code, subject, message }) => `${code} ${subject}: ${message}`);

const FALLBACK = 'platform@example.test (platform) by fallback';
const toPlatform = (reason: string): string =>
  `no-recipient ${NAMESPACE}: None of its own contacts gets the mail, because ${reason}. The platform’s mailbox gets it instead.`;
const NOBODY = 'no annotation names a contact (contacts, product-owner, technical-lead, owner)';

describe('who is told of a namespace', () => {
  test.each([
    { name: 'whose labels and annotations are null', metadata: { labels: null, annotations: null } },
    { name: 'without labels and annotations', metadata: {} },
    {
      name: 'that names only who asked for it',
      metadata: { annotations: { 'openshift.io/requester': 'a@example.test' } },
    },
    { name: 'whose contacts are an empty list', metadata: { annotations: { contacts: '[]' } } },
    {
      name: 'whose plain addresses are empty',
      metadata: { annotations: { owner: '', 'product-owner': ' ' } },
    },
  ])('$name is the fallback, and why', ({ metadata }) => {
    const report = reportOnNamespace(metadata);
    expect(told(report)).toEqual([FALLBACK]);
    expect(report.noRecipientReason).toBe(NOBODY);
    expect(messagesOf(report)).toEqual([toPlatform(NOBODY)]);
  });

  const MALFORMED =
    'contacts-invalid contacts: The annotation is not a JSON array such as [{"email": "name@example.test", "role": "Owner"}], so it is ignored.';
  test.each(['', 'ann@example.test', '{"email":"ann@example.test"}', 'null', '[{"email":"ann@example.test"'])(
    'is not found in contacts of %j, which is a finding; then the next source is asked',
    (contacts) => {
      expect(messagesOf(reportOnNamespace({ annotations: { contacts } }))).toEqual([
        MALFORMED,
        toPlatform('the annotation contacts cannot be read'),
      ]);
      const next = reportOnNamespace({ annotations: { contacts, 'technical-lead': 'zoe@example.test' } });
      expect(told(next)).toEqual(['zoe@example.test (technical-lead) by annotation:technical-lead']);
      expect(next.noRecipientReason).toBeNull();
      expect(messagesOf(next)).toEqual([MALFORMED]);
    },
  );

  const contacts = (entries: readonly unknown[]) => ({ annotations: { contacts: JSON.stringify(entries) } });

  test('is every contact, with its mapped role, an unknown one as it is, and none where there is none', () => {
    const report = reportOnNamespace(
      contacts([
        { email: 'a@example.test', role: 'PO', phone: '1' },
        { email: 'b@example.test', role: 'astronaut' },
        { email: 'c@example.test' },
      ]),
      { recipients: { roles: { PO: 'Product Owner' } } },
    );
    expect(told(report)).toEqual([
      'a@example.test (Product Owner) by annotation:contacts',
      'b@example.test (astronaut) by annotation:contacts',
      'c@example.test () by annotation:contacts',
    ]);
    expect(report.findings).toEqual([]);
  });

  test('is one contact once, whatever its spelling, with all its roles', () => {
    const report = reportOnNamespace(
      contacts([
        { email: 'Ann@example.test', role: 'Lead' },
        { email: 'ann@EXAMPLE.test', role: 'Owner' },
      ]),
    );
    expect(told(report)).toEqual(['Ann@example.test (Lead, Owner) by annotation:contacts']);
  });

  test.each([
    'zoe@example.test\r\nBcc: eve@example.com',
    'zoe@example.test, eve@example.test',
    'Zoe <zoe@example.test>',
    'zoë@example.test',
    'zoe@exämple.test',
  ])('is nobody at %j, which is a finding, and the other contacts', (email) => {
    const report = reportOnNamespace(contacts([{ email, role: 'Lead' }, { email: 'ann@example.test' }]));
    expect(told(report)).toEqual(['ann@example.test () by annotation:contacts']);
    expect(messagesOf(report)).toEqual([
      `address-refused ${email}: annotation:contacts names it, but it is not one plain address such as name@example.test, so it gets no mail.`,
    ]);
  });

  test('is in an allowed domain, exactly or by a wildcard for all below; others are findings', () => {
    const emails = [
      'a@example.test',
      'b@sub.example.test',
      'c@example.com',
      'd@mail.example.com',
      'e@badexample.test',
    ];
    const report = reportOnNamespace(contacts(emails.map((email) => ({ email }))), {
      recipients: { allowedDomains: ['example.test', '*.example.com'] },
    });
    expect(report.recipients.map(({ address }) => address)).toEqual(['a@example.test', 'd@mail.example.com']);
    expect(messagesOf(report)).toEqual(
      ['b@sub.example.test', 'c@example.com', 'e@badexample.test'].map(
        (email) =>
          `domain-refused ${email}: annotation:contacts names it, but the domain ${email.slice(2)} is not in mail.allowedDomains, so it gets no mail.`,
      ),
    );
  });

  test('are twenty at most, and each of the others is a finding', () => {
    const emails = Array.from({ length: 22 }, (_, at) => `p${10 + at}@example.test`);
    const report = reportOnNamespace(contacts(emails.map((email) => ({ email }))));
    expect(report.recipients.map(({ address }) => address)).toEqual(emails.slice(0, 20));
    expect(messagesOf(report)).toEqual(
      ['p30@example.test', 'p31@example.test'].map(
        (email) =>
          `address-refused ${email}: Only the first 20 addresses of a namespace are used, so this one gets no mail.`,
      ),
    );
  });

  const own = { labels: { environment: 'dev' }, annotations: { owner: 'ann@example.test' } };
  test.each([
    {
      name: 'replaced by name',
      override: { match: { names: ['a1b2c3-*'] }, replace: ['boss@example.test'] },
      is: ['boss@example.test () by overrides[0]'],
    },
    {
      name: 'added to by label',
      override: { match: { labels: { environment: 'dev' } }, add: ['boss@example.test'] },
      is: ['ann@example.test (owner) by annotation:owner', 'boss@example.test () by overrides[0]'],
    },
    {
      name: 'left alone by an override for others',
      override: { match: { names: ['other'] }, replace: ['boss@example.test'] },
      is: ['ann@example.test (owner) by annotation:owner'],
    },
  ])('may be $name', ({ override, is }) => {
    const report = reportOnNamespace(own, { recipients: { overrides: [override] } });
    expect(told(report)).toEqual(is);
    expect(report.noRecipientReason).toBeNull();
  });

  test('is nobody while no domain is allowed, not even the fallback', () => {
    const report = reportOnNamespace(own, { recipients: { allowedDomains: [] } });
    expect(report).toMatchObject({
      recipients: [],
      noRecipientReason: 'mail.allowedDomains is empty, so no mail may be sent',
    });
    expect(messagesOf(report)).toEqual([
      'domain-refused ann@example.test: annotation:owner names it, but the domain example.test is not in mail.allowedDomains, so it gets no mail.',
      'domain-refused platform@example.test: fallback names it, but the domain example.test is not in mail.allowedDomains, so it gets no mail.',
      `no-recipient ${NAMESPACE}: None of its own contacts gets the mail, because mail.allowedDomains is empty, so no mail may be sent. Nobody gets it.`,
    ]);
  });
});

describe('the quota of a namespace', () => {
  const annotated = (text: string) => ({
    annotations: { owner: 'ann@example.test', 'quotagram.io/registry-quota': text },
  });
  const annotation = { enabled: true, max: 4000 };

  test('is what its annotation says where that is allowed', () => {
    const report = reportOnNamespace(annotated('2k'), { quota: { annotation } });
    expect(report).toMatchObject({
      quota: { limitBytes: 2000, source: 'annotation', level: 'ok', usedPercent: 50 },
      findings: [],
    });
  });

  test.each([
    { text: '2 k', because: 'it is not a quantity such as 50Gi, 1500M, 2e9 or unlimited' },
    { text: '5k', because: 'it is above quota.annotation.max' },
    { text: 'unlimited', because: 'it is above quota.annotation.max' },
    { text: '9Ei', because: 'it is too large (8Pi or more); write unlimited instead' },
  ])('is the next rule’s where the annotation is %j: a finding that says which', ({ text, because }) => {
    const report = reportOnNamespace(annotated(text), { quota: { annotation } });
    expect(report.quota).toMatchObject({ limitBytes: 1000, source: 'default', level: 'warning' });
    expect(messagesOf(report)).toEqual([
      `quota-annotation-invalid quotagram.io/registry-quota: The annotation is ignored, because ${because}. The limit is 1,000 B (default).`,
    ]);
  });

  test('is the next rule’s while annotations are off, which is a finding', () => {
    const quota = { rules: [{ match: { names: [NAMESPACE] }, limit: 500 }] };
    const report = reportOnNamespace(annotated('2k'), { quota });
    expect(report.quota).toMatchObject({
      limitBytes: 500,
      source: 'rules[0]',
      level: 'over',
      overBytes: 500,
    });
    expect(messagesOf(report)).toEqual([
      'quota-annotation-off quotagram.io/registry-quota: The annotation is ignored, because quota.annotation is not enabled. The limit is 500 B (rules[0]).',
    ]);
  });
});
