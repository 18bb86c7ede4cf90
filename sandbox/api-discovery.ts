import type { ApiList } from './api-lists.ts';

/**
 * What the API says of a group (`/apis/<group>`) or of one version of it (`/apis/<group>/<version>`), from what it
 * serves; null for any other path, and for what it does not serve.
 */
export const discover = (lists: readonly ApiList[], path: string): object | null => {
  const [, group = '', version = ''] = /^\/apis\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
  const served = lists.filter(({ apiVersion }) => apiVersion.startsWith(`${group}/`));
  if (group === '' || served.length === 0) return null;
  return version === '' ? groupOf(group, served) : versionOf(`${group}/${version}`, served);
};

const groupOf = (name: string, lists: readonly ApiList[]): object => {
  const versions = [...new Set(lists.map(({ apiVersion }) => apiVersion))].map((groupVersion) => ({
    groupVersion,
    version: groupVersion.slice(name.length + 1),
  }));
  return { kind: 'APIGroup', apiVersion: 'v1', name, versions, preferredVersion: versions[0] };
};

const versionOf = (groupVersion: string, lists: readonly ApiList[]): object | null => {
  const kinds = lists.filter(({ apiVersion }) => apiVersion === groupVersion);
  if (kinds.length === 0) return null;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: kinds.map(({ plural, kind, objects }) => ({
      name: plural,
      singularName: kind.replace(/List$/, '').toLowerCase(),
      namespaced: objects.some(({ metadata }) => metadata.namespace !== undefined),
      kind: kind.replace(/List$/, ''),
      verbs: ['get', 'list'],
    })),
  };
};
