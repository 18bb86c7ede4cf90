import { AppError } from '../../../errors.ts';
import type { Login } from '../kubeconfig.ts';
import type { ListRequest, Refusal } from './lists.ts';
import type { Resource } from './resources.ts';

/** What was asked for, in a list unless told. */
type RefusedRequest = ListRequest & { readonly verb?: 'get' };

/** What was refused and why, as part of a sentence, e.g. `may not list pods at the cluster scope`. */
export const describeRefusal = (refusal: Refusal, { resource, namespace, verb }: RefusedRequest): string => {
  const place = namespace === null ? 'at the cluster scope' : `in the namespace ${namespace}`;
  switch (refusal.outcome) {
    case 'forbidden':
      return `may not ${verb ?? 'list'} ${nameKind(resource)} ${place}`;
    case 'absent':
      return `knows no ${nameKind(resource)}`;
    case 'expired':
      return `does not list ${nameKind(resource)}: HTTP 410 again and again`;
    case 'failing':
      return `does not ${verb === 'get' ? 'give' : 'list'} ${nameKind(resource)}: ${refusal.reason}`;
  }
};

/** The refusal of something we cannot do without: `forbidden`, `invalid` (no OpenShift) or `unavailable`. */
export const toRefusalError = (refusal: Refusal, request: RefusedRequest, { host }: Login): AppError => {
  const said = describeRefusal(refusal, request);
  const { group, plural } = request.resource;
  const rule = `{apiGroups: ["${group}"], resources: ["${plural}"], verbs: ["get", "list"]}`;
  switch (refusal.outcome) {
    case 'forbidden':
      return new AppError('forbidden', `These credentials ${said}`, {
        hint: `Grant a ${request.namespace === null ? 'ClusterRole' : 'Role'} with this rule: ${rule}`,
      });
    case 'absent':
      return new AppError('invalid', `The API at ${host} ${said}: it is not an OpenShift cluster's`, {
        hint: 'Check which cluster the context is of with `oc config current-context`; --context names another.',
      });
    case 'expired':
    case 'failing':
      return new AppError('unavailable', `The API at ${host} ${said}`, {
        hint: 'Try again later; `oc get apiservices` shows which part is down. Or a proxy answers in its place.',
      });
  }
};

const nameKind = ({ group, plural }: Resource): string => (group === '' ? plural : `${plural} (${group})`);
