import type { Environment } from './builds.ts';
import type { WorkloadPlural } from './workloads.ts';

/** An app where it is built or runs. */
export type Placement = {
  readonly app: string;
  readonly environment: Environment;
  /** Pull specs of its newest builds by digest, newest first. */
  readonly images: readonly string[];
  /** Pull spec by tag. */
  readonly tag: string;
  /** From 0 to 9: what kind of workload the app is. */
  readonly sort: number;
};

/** One object that names an image. */
type Workload = { readonly plural: WorkloadPlural; readonly name: string; readonly image: string };

/** In tools what builds the app; elsewhere what runs it: most often a Deployment, with what is left of the two before. */
export const specifyWorkloads = ({ app, environment, images, tag, sort }: Placement): readonly Workload[] => {
  const [current] = images;
  const numbered = (plural: WorkloadPlural, named: readonly string[]): readonly Workload[] =>
    named.map((image, position) => ({ plural, name: `${app}-${position + 1}`, image }));
  if (environment === 'tools') {
    return [{ plural: 'buildconfigs', name: app, image: BASE }, ...numbered('builds', [BASE, BASE, BASE])];
  }
  if (current === undefined) return [];
  switch (sort) {
    case 0:
      return [{ plural: 'statefulsets', name: app, image: tag }, ...numbered('pods', [current])];
    case 1:
      return [{ plural: 'daemonsets', name: app, image: tag }, ...numbered('pods', [current, current])];
    case 2:
      return [{ plural: 'cronjobs', name: app, image: tag }, ...numbered('jobs', [tag, tag, tag])];
    case 3:
      return [
        { plural: 'deploymentconfigs', name: app, image: current },
        ...numbered('replicationcontrollers', images.slice(0, 3)),
        ...numbered('pods', [current]),
      ];
    default:
      return [
        { plural: 'deployments', name: app, image: current },
        ...numbered('replicasets', images.slice(0, 3)),
        ...numbered('pods', environment === 'prod' ? [current, current] : [current]),
      ];
  }
};

/** What builds start from: a tag of the namespace's own stream of imported images. */
const BASE = 'base:9.1';
