import type { GeneratedObject, Plural } from '../sandbox/api-lists.ts';
import { listTags } from './generate/builds.ts';
import type { BuildTag, Environment } from './generate/builds.ts';
import { createImageWriter } from './generate/images.ts';
import type { ImageWriter, ImageSpec, IndexSpec } from './generate/images.ts';
import { createImageSpecs } from './generate/image-specs.ts';
import type { ImageSpecs } from './generate/image-specs.ts';
import { specifyWorkloads } from './generate/workload-specs.ts';
import { createChance } from './generate/seeded.ts';
import type { Chance } from './generate/seeded.ts';
import { REGISTRY, writeNamespace, writeStream } from './generate/streams.ts';
import type { TagSpec } from './generate/streams.ts';
import { specifyTeams } from './generate/teams.ts';
import type { App, Team } from './generate/teams.ts';
import { writeWorkload } from './generate/workloads.ts';

/** How large a cluster is to be; it gets about four times as many revisions as images. */
export type ClusterSize = { readonly seed: number; readonly namespaces: number; readonly images: number };

/** Objects by plural; a kind that is left out has none. */
export type GeneratedObjects = { readonly [Key in Plural]?: readonly GeneratedObject[] };

/**
 * A cluster of exactly so many namespaces and images, ever the same for a seed. What is where is decided here; what an
 * object says is worked out when it is written, so that 100,000 images of 12 kB take little memory.
 */
export const generateCluster = ({ seed, namespaces, images }: ClusterSize): GeneratedObjects => {
  const imported = Math.ceil(images / 100);
  const firstOrdinal = imported + Math.ceil(images / 50);
  const site: Site = {
    specs: createImageSpecs(seed),
    writer: createImageWriter(seed),
    chance: createChance(seed, 'cluster'),
    imported,
    objects: {},
  };
  for (let ordinal = 0; ordinal < firstOrdinal; ordinal += 1) {
    const { specifyImported, specifyOrphan } = site.specs;
    addImage(site, ordinal < imported ? specifyImported(ordinal) : specifyOrphan(ordinal));
  }
  const size = { seed, namespaces, firstOrdinal, images: images - firstOrdinal };
  for (const team of specifyTeams(size)) addTeam(site, team);
  return site.objects;
};

/** A cluster while it is built. */
type Site = {
  readonly specs: ImageSpecs;
  readonly writer: ImageWriter;
  readonly chance: Chance;
  /** How many imported images there are; theirs are the first numbers. */
  readonly imported: number;
  readonly objects: { [Key in Plural]?: GeneratedObject[] };
};

const add = (
  { objects }: Site,
  plural: Plural,
  { write, ...metadata }: GeneratedObject['metadata'] & Pick<GeneratedObject, 'write'>,
): void => {
  (objects[plural] ??= []).push({ metadata, write });
};

const addImage = (site: Site, image: ImageSpec | IndexSpec): void => {
  const { digestOf, writeImage, writeIndex } = site.writer;
  const write = () => ('children' in image ? writeIndex(image) : writeImage(image));
  add(site, 'images', { name: digestOf(image.ordinal), write });
};

const addTeam = (site: Site, { plate, environments, apps }: Team): void => {
  const tools = `${plate}-tools`;
  for (const environment of environments) {
    const name = `${plate}-${environment}`;
    add(site, 'namespaces', {
      name,
      write: () => writeNamespace({ name, plate, environment }),
    });
  }
  for (const app of apps) {
    for (const image of site.specs.specifyApp(app, tools)) addImage(site, image);
    for (const environment of environments) {
      const namespace = `${plate}-${environment}`;
      addStream(site, app, { tools, namespace, environment });
      addWorkloads(site, app, { tools, namespace, environment });
    }
  }
  addBaseStream(site, tools);
};

/** One of a team's namespaces, and the one that its images are built in. */
type Place = { readonly tools: string; readonly namespace: string; readonly environment: Environment };

const addStream = (site: Site, app: App, place: Place): void => {
  const { namespace, environment } = place;
  const specifyTags = () =>
    listTags(app.builds, environment).map((tag) => specifyTag(site, { app, tag, place }));
  const write = () => writeStream({ namespace, name: app.name, tags: specifyTags() });
  add(site, 'imagestreams', { namespace, name: app.name, write });
};

const specifyTag = (
  { writer }: Site,
  { app, tag, place }: { readonly app: App; readonly tag: BuildTag; readonly place: Place },
): TagSpec => {
  const repository = `${REGISTRY}/${place.namespace}/${app.name}`;
  const revisions = tag.builds.map(({ ordinal, created }) => {
    const digest = writer.digestOf(ordinal);
    return { digest, repository, created };
  });
  const built = {
    kind: 'ImageStreamImage',
    namespace: place.tools,
    name: `${app.name}@${revisions[0]?.digest}`,
  };
  return { name: tag.name, from: place.environment === 'tools' ? null : built, revisions };
};

const addWorkloads = (site: Site, app: App, { namespace, environment }: Place): void => {
  const repository = `${REGISTRY}/${namespace}/${app.name}`;
  const [tag] = listTags(app.builds, environment);
  const newest = tag?.builds.slice(0, 3) ?? [];
  const workloads = specifyWorkloads({
    app: app.name,
    environment,
    images: newest.map(({ ordinal }) => `${repository}@${site.writer.digestOf(ordinal)}`),
    tag: `${repository}:${tag?.name}`,
    sort: site.chance.whole(app.firstOrdinal, 0, 9),
  });
  for (const { plural, name, image } of workloads) {
    add(site, plural, { namespace, name, write: () => writeWorkload(plural, { namespace, name, image }) });
  }
};

/** What a team builds on: tags that follow another registry, and one whose import fails. */
const addBaseStream = (site: Site, namespace: string): void => {
  const key = Number.parseInt(namespace, 16);
  const specifyTags = (): readonly TagSpec[] =>
    [1, 2, 3, 4].map((version) => {
      const ordinal = site.chance.whole(key + version, 0, site.imported - 1);
      const { repository, created } = site.specs.specifyImported(ordinal);
      const revision = { digest: site.writer.digestOf(ordinal), repository, created };
      return {
        name: `9.${version}`,
        from: { kind: 'DockerImage', name: `${repository}:9.${version}` },
        revisions: version === 4 ? [] : [revision],
      };
    });
  const write = () => writeStream({ namespace, name: 'base', tags: specifyTags() });
  add(site, 'imagestreams', { namespace, name: 'base', write });
};
