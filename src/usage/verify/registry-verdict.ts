import { formatBytes, formatCount, formatSome } from '../format.ts';
import { compareText } from '../text-order.ts';
import type { ChargedBlob } from './recount.ts';

/** A registry's answer to the question whether it holds a blob. */
export type BlobStat =
  | { readonly outcome: 'present'; readonly sizeBytes: number }
  | { readonly outcome: 'absent' }
  /** The credentials may not ask for it. `reason` is part of a sentence. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The answer was unusable, or the registry was not asked any more. */
  | { readonly outcome: 'failing'; readonly reason: string };

/** A registry's answer about one charged blob. */
export type AskedBlob = { readonly blob: ChargedBlob; readonly stat: BlobStat };

/** What a registry's answers mean for a namespace's usage. */
export type RegistryVerdict = {
  readonly asked: number;
  readonly agreed: number;
  /**
   * It has hardly any of the blobs, so it is not the cluster's registry, or it has lost its storage. Missing blobs then
   * say nothing about the figure.
   */
  readonly isProbablyAnother: boolean;
  /** The part of `usedBytes` for all blobs that the registry answered about. */
  readonly statedBytes: number;
  /** How much of that the registry holds; null when it is probably another registry. */
  readonly storedBytes: number | null;
  /** The largest effect first. */
  readonly differences: readonly BlobDifference[];
  /** Charged blobs that were not asked for, grouped by reason; `reason` is a sentence. */
  readonly notAsked: readonly { readonly blobs: number; readonly bytes: number; readonly reason: string }[];
};

/** A blob for which the registry and the report differ. */
export type BlobDifference = Pick<ChargedBlob, 'digest' | 'kind'> & {
  readonly verdict: 'size differs' | 'absent' | 'refused' | 'failing';
  /** The first tags that are charged with it; `tagCount` is the number of all of them. */
  readonly tags: readonly string[];
  readonly tagCount: number;
  readonly statedBytes: number;
  /** null: unknown. */
  readonly storedBytes: number | null;
  /** Why it is not confirmed, as in `BlobStat`; null when the registry answered. */
  readonly reason: string | null;
  /** Sentences that say what differs and how that affects the figure. */
  readonly explanation: string;
};

/**
 * Whether a registry can be asked for a blob at all. It holds blobs, by digest, of pushed images only. An image from another
 * registry may or may not have been mirrored, and a schema 1 image has no config.
 */
export const isAskable = ({ digest, repositories }: ChargedBlob): boolean =>
  repositories.length > 0 && DIGEST.test(digest);

/** Compares the registry's answers with what the report states about the charged blobs. */
export const judgeBlobs = (charged: readonly ChargedBlob[], asked: readonly AskedBlob[]): RegistryVerdict => {
  const answered = asked.filter(({ stat }) => stat.outcome === 'present' || stat.outcome === 'absent');
  const present = answered.flatMap(({ stat }) => (stat.outcome === 'present' ? [stat.sizeBytes] : []));
  const isProbablyAnother = answered.length > 0 && present.length <= answered.length * STRAY_SHARE;
  const differences = asked.flatMap(({ blob, stat }) => explainDifference(blob, stat, isProbablyAnother));
  return {
    asked: asked.length,
    agreed: asked.length - differences.length,
    isProbablyAnother,
    statedBytes: sum(answered.map(({ blob }) => blob.sizeBytes)),
    storedBytes: isProbablyAnother ? null : sum(present),
    differences: differences.toSorted(byEffect),
    notAsked: [
      { blobs: charged.filter(isImportedOnly), reason: IMPORTED },
      { blobs: charged.filter((blob) => !isImportedOnly(blob) && !isAskable(blob)), reason: NAMELESS },
    ]
      .filter(({ blobs }) => blobs.length > 0)
      .map(({ blobs, reason }) => ({
        blobs: blobs.length,
        bytes: sum(blobs.map(({ sizeBytes }) => sizeBytes)),
        reason,
      })),
  };
};

/** Most registries have common base layers and the empty layer, so even a wrong one may hold this share of the blobs. */
const STRAY_SHARE = 0.1;

/** `algorithm:hex`, as in the distribution API. */
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,}$/;

const isImportedOnly = ({ repositories }: ChargedBlob): boolean => repositories.length === 0;

const IMPORTED = 'They are only imported, and the API cannot tell whether the registry mirrored them.';
const NAMELESS = 'They are configs of old schema 1 images, which the registry does not hold.';

const explainDifference = (
  blob: ChargedBlob,
  stat: BlobStat,
  isProbablyAnother: boolean,
): readonly BlobDifference[] => {
  const { digest, kind, tags, sizeBytes: statedBytes } = blob;
  const named = { digest, kind, tags: tags.slice(0, TAGS_NAMED), tagCount: tags.length, statedBytes };
  const what = `${kind === 'layer' ? 'the layer' : 'the config'} of ${formatSome(named.tags, tags.length)}`;
  switch (stat.outcome) {
    case 'present': {
      if (stat.sizeBytes === statedBytes) return [];
      const explanation = `The registry holds ${exact(stat.sizeBytes)} for ${what}, ${SOURCE[kind]} ${exact(statedBytes)}, so the usage is ${offBy(statedBytes - stat.sizeBytes)}.`;
      return [{ ...named, verdict: 'size differs', storedBytes: stat.sizeBytes, reason: null, explanation }];
    }
    case 'absent': {
      const effect =
        statedBytes === 0 ? 'the usage is right all the same' : `the usage is ${offBy(statedBytes)}`;
      const explanation = isProbablyAnother
        ? `The registry does not have ${what}.`
        : `The registry does not have ${what}, though ${LISTED[kind]} ${exact(statedBytes)}: ${effect}, and pulling the image fails.`;
      return [{ ...named, verdict: 'absent', storedBytes: 0, reason: null, explanation }];
    }
    case 'refused':
    case 'failing': {
      const explanation = `The registry does not say what it holds for ${what} (${stat.reason}), so ${exact(statedBytes)} of the usage are not confirmed.`;
      return [{ ...named, verdict: stat.outcome, storedBytes: null, reason: stat.reason, explanation }];
    }
  }
};

const TAGS_NAMED = 3;

const SOURCE = {
  layer: 'but the pushed Image object states',
  config: 'but its size in the Image object (Size minus the layers) is',
} as const;

const LISTED = {
  layer: 'the Image object lists it with',
  config: 'its size in the Image object (Size minus the layers) is',
} as const;

const offBy = (bytes: number): string => `${formatBytes(Math.abs(bytes))} too ${bytes > 0 ? 'high' : 'low'}`;

/** In bytes: differences are often too small for a rounded size. */
const exact = (bytes: number): string => formatCount(bytes, 'byte');

const byEffect = (a: BlobDifference, b: BlobDifference): number =>
  effectOf(b) - effectOf(a) || compareText(a.digest, b.digest);

const effectOf = ({ statedBytes, storedBytes }: BlobDifference): number =>
  Math.abs(statedBytes - (storedBytes ?? 0));

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => Math.min(total + number, Number.MAX_SAFE_INTEGER), 0);
