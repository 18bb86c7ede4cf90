import type { ApiServerOptions } from '../../sandbox/api-server.ts';

/** A cluster of these namespaces, all with one and the same image of 1,100 bytes, and with these addresses as contacts. */
export const clusterOf = (
  contacts: Readonly<Record<string, readonly string[]>>,
): NonNullable<ApiServerOptions['lists']> => {
  const digest = `sha256:${'1'.repeat(64)}`;
  const namespaces = Object.entries(contacts).map(([name, addresses]) => ({
    metadata: {
      name,
      annotations: { contacts: JSON.stringify(addresses.map((email) => ({ email, role: 'Lead' }))) },
    },
  }));
  return {
    namespaces,
    imagestreams: namespaces.map(({ metadata: { name: namespace } }) => ({
      metadata: { name: 'web', namespace },
      status: {
        dockerImageRepository: `registry.example.test/${namespace}/web`,
        tags: [
          {
            tag: 'latest',
            items: [
              {
                created: '2026-11-01T00:00:00Z',
                dockerImageReference: `registry.example.test/${namespace}/web@${digest}`,
                image: digest,
                generation: 1,
              },
            ],
          },
        ],
      },
    })),
    images: [
      {
        metadata: { name: digest, annotations: { 'openshift.io/image.managed': 'true' } },
        dockerImageLayers: [{ name: `sha256:${'2'.repeat(64)}`, size: 1_000, mediaType: 'layer' }],
        dockerImageMetadata: { Id: `sha256:${'3'.repeat(64)}`, Size: 1_100 },
      },
    ],
  };
};
