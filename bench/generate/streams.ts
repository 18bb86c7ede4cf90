import { createTemplate } from './template.ts';

/** A namespace before it is written. */
export type NamespaceSpec = {
  readonly name: string;
  /** The part of the name that its team's namespaces share. */
  readonly plate: string;
  readonly environment: string;
};

/** An image stream before it is written. */
export type StreamSpec = {
  readonly namespace: string;
  readonly name: string;
  readonly tags: readonly TagSpec[];
};

/** A tag with its history, newest first. */
export type TagSpec = {
  readonly name: string;
  /** What it follows, as `spec.tags[].from` says it; null for a tag that was pushed. */
  readonly from: { readonly kind: string; readonly name: string; readonly namespace?: string } | null;
  readonly revisions: readonly RevisionSpec[];
};

/** One tag event; `repository` is that of the image's `dockerImageReference`, host included. */
export type RevisionSpec = {
  readonly digest: string;
  readonly repository: string;
  readonly created: string;
};

/** The host of the registry, as streams and managed images name it. */
export const REGISTRY = 'image-registry.openshift-image-registry.svc:5000';

/** Writes a Namespace object. */
export const writeNamespace = ({ name, plate, environment }: NamespaceSpec): string =>
  NAMESPACE({ name, plate, environment });

/** Writes an ImageStream object. A tag without revisions failed to be imported. */
export const writeStream = ({ namespace, name, tags }: StreamSpec): string =>
  STREAM({
    namespace,
    name,
    specTags: `[${tags.flatMap((tag) => (tag.from === null ? [] : [writeSpecTag(tag)])).join()}]`,
    statusTags: `[${tags.map(writeStatusTag).join()}]`,
  });

const CREATED = '2026-02-03T04:05:06Z';

const writeSpecTag = ({ name, from }: TagSpec): string =>
  JSON.stringify({
    name,
    annotations: null,
    from,
    generation: 2,
    importPolicy: { importMode: 'Legacy' },
    referencePolicy: { type: 'Source' },
  });

const writeStatusTag = ({ name, revisions }: TagSpec): string =>
  revisions.length === 0
    ? FAILED_TAG({ name })
    : `{"tag":"${name}","items":[${revisions.map(writeRevision).join()}]}`;

const writeRevision = ({ digest, repository, created }: RevisionSpec): string =>
  `{"created":"${created}","dockerImageReference":"${repository}@${digest}","image":"${digest}","generation":2}`;

const FAILED_TAG = createTemplate({
  tag: '{name}',
  items: null,
  conditions: [
    {
      type: 'ImportSuccess',
      status: 'False',
      lastTransitionTime: CREATED,
      reason: 'NotFound',
      message: 'dockerimage.image.openshift.io "registry.example.com/base/{name}:latest" not found',
      generation: 2,
    },
  ],
});

const STREAM = createTemplate({
  metadata: {
    name: '{name}',
    namespace: '{namespace}',
    uid: '1fad64ad-b13d-4a4a-aba8-e532bbc31d7b',
    resourceVersion: '677',
    generation: 3,
    creationTimestamp: CREATED,
    labels: { app: '{name}', 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': '{name}', 'meta.helm.sh/release-namespace': '{namespace}' },
  },
  spec: { lookupPolicy: { local: false }, tags: '=specTags' },
  status: {
    dockerImageRepository: `${REGISTRY}/{namespace}/{name}`,
    publicDockerImageRepository:
      'default-route-openshift-image-registry.apps.example.test/{namespace}/{name}',
    tags: '=statusTags',
  },
});

const NAMESPACE = createTemplate({
  metadata: {
    name: '{name}',
    uid: '34cee811-fbfe-4652-a9fc-c354fd58a1c0',
    resourceVersion: '713',
    creationTimestamp: CREATED,
    labels: {
      'app.kubernetes.io/managed-by': 'provisioner',
      environment: '{environment}',
      'kubernetes.io/metadata.name': '{name}',
      name: '{plate}',
      'pod-security.kubernetes.io/warn': 'restricted',
    },
    annotations: {
      contacts: JSON.stringify([
        { email: 'owner.{plate}@example.test', role: 'Product Owner' },
        { email: 'tech.{plate}@example.test', role: 'Technical Lead' },
      ]),
      'openshift.io/description': 'What the team {plate} runs in {environment}',
      'openshift.io/display-name': 'Team {plate} ({environment})',
      'openshift.io/requester': 'owner.{plate}',
      'openshift.io/sa.scc.mcs': 's0:c29,c4',
      'openshift.io/sa.scc.supplemental-groups': '1000820000/10000',
      'openshift.io/sa.scc.uid-range': '1000820000/10000',
    },
  },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
});
