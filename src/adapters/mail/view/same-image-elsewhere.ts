import type { NamespaceReport } from '../../../usage/report/report.ts';

/** Where else in the mail an image stands: `namespace/stream:tag` of each tag of other namespaces that holds it. */
export type FindElsewhere = (digest: string, namespace: string) => readonly string[];

/** Looks for images that stand in several of these namespaces, as after a promotion with `oc tag`. */
export const createFindElsewhere = (namespaces: readonly NamespaceReport[]): FindElsewhere => {
  if (namespaces.length < 2) return () => [];
  const places = new Map<string, { readonly namespace: string; readonly label: string }[]>();
  for (const namespace of namespaces) {
    for (const stream of namespace.streams) {
      for (const tag of stream.tags) {
        const label = `${namespace.name}/${stream.name}:${tag.name}`;
        for (const digest of new Set(tag.revisions.map((revision) => revision.digest))) {
          const known = places.get(digest);
          if (known === undefined) places.set(digest, [{ namespace: namespace.name, label }]);
          else known.push({ namespace: namespace.name, label });
        }
      }
    }
  }
  places.delete('');
  return (digest, own) =>
    (places.get(digest) ?? []).flatMap(({ namespace, label }) => (namespace === own ? [] : [label]));
};
