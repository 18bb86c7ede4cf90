import { formatBytes, formatCount, formatSome } from '../format.ts';
import { compareText } from '../text-order.ts';
import type { ChargedBlob } from './recount.ts';

/** What a registry answers to the question whether it holds a blob. */
export type BlobStat =
  | { readonly outcome: 'present'; readonly sizeBytes: number }
  | { readonly outcome: 'absent' }
  /** These credentials may not ask for it; `reason` is part of a sentence. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** It answers, but with nothing usable, or nothing more was asked of it. */
  | { readonly outcome: 'failing'; readonly reason: string };

/** What a registry says of one charged blob. */
export type AskedBlob = { readonly blob: ChargedBlob; readonly stat: BlobStat };

/** What a registry's answers do to a namespace's usage. */
export type RegistryVerdict = {
  readonly asked: number;
  readonly agreed: number;
  /**
   * It has hardly any of the blobs, so that it is another registry than the cluster's, or has lost its storage: what it
   * lacks then says nothing of the figure.
   */
  readonly isProbablyAnother: boolean;
  /** What `usedBytes` states for all blobs that gave an answer. */
  readonly statedBytes: number;
  /** What the registry holds of these; null where it is probably another. */
  readonly storedBytes: number | null;
  /** The largest effect first. */
  readonly differences: readonly BlobDifference[];
  /** Charged blobs that were not asked for, by why; `reason` is a sentence. */
  readonly notAsked: readonly { readonly blobs: number; readonly bytes: number; readonly reason: string }[];
};

/** A blob of which the registry does not say what the report does. */
export type BlobDifference = Pick<ChargedBlob, 'digest' | 'kind'> & {
  readonly verdict: 'size differs' | 'absent' | 'refused' | 'failing';
  /** The first of the tags that are charged with it, and how many they are. */
  readonly tags: readonly string[];
  readonly tagCount: number;
  readonly statedBytes: number;
  /** null: unknown. */
  readonly storedBytes: number | null;
  /** Why it is not confirmed, as in `BlobStat`; null where the registry gave an answer. */
  readonly reason: string | null;
  /** What is so, and what it does to the figure, in sentences. */
  readonly explanation: string;
};

/**
 * Whether a registry can be asked for a blob at all: it holds blobs of pushed images only, by digest. An image that
 * another registry serves may have been mirrored or not, and a schema 1 image has no config.
 */
export const isAskable = ({ digest, repositories }: ChargedBlob): boolean =>
  repositories.length > 0 && DIGEST.test(digest);

/** Compares the answers for the askable ones of the charged blobs with what the report states. */
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

/** Common base layers and the empty layer are in most registries: so many of the blobs may be in a wrong one, too. */
const STRAY_SHARE = 0.1;

/** `algorithm:hex`, as the distribution API takes it. */
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,}$/;

const isImportedOnly = ({ repositories }: ChargedBlob): boolean => repositories.length === 0;

const IMPORTED = 'The API cannot tell whether the registry mirrored what is only imported.';
const NAMELESS = 'Images of the old schema 1 have no config that the registry holds.';

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
      const explanation = `The registry holds ${exact(stat.sizeBytes)} for ${what}, ${SOURCE[kind]} ${exact(statedBytes)}: used is ${offBy(statedBytes - stat.sizeBytes)}.`;
      return [{ ...named, verdict: 'size differs', storedBytes: stat.sizeBytes, reason: null, explanation }];
    }
    case 'absent': {
      const effect = statedBytes === 0 ? 'used is right all the same' : `used is ${offBy(statedBytes)}`;
      const explanation = isProbablyAnother
        ? `The registry does not have ${what}.`
        : `The registry does not have ${what}, though ${LISTED[kind]} ${exact(statedBytes)}: ${effect}, and pulling fails.`;
      return [{ ...named, verdict: 'absent', storedBytes: 0, reason: null, explanation }];
    }
    case 'refused':
    case 'failing': {
      const explanation = `The registry does not say what it holds for ${what} (${stat.reason}): ${exact(statedBytes)} of what is used are not confirmed.`;
      return [{ ...named, verdict: stat.outcome, storedBytes: null, reason: stat.reason, explanation }];
    }
  }
};

const TAGS_NAMED = 3;

const SOURCE = {
  layer: 'but the Image object, as it was pushed, states',
  config: 'but its size follows from the Image object (Size minus the layers) as',
} as const;

const LISTED = {
  layer: 'the Image object lists it with',
  config: 'by the Image object (Size minus the layers) it has',
} as const;

const offBy = (bytes: number): string => `${formatBytes(Math.abs(bytes))} too ${bytes > 0 ? 'high' : 'low'}`;

/** To the byte: differences are often too small for a rounded size. */
const exact = (bytes: number): string => formatCount(bytes, 'byte');

const byEffect = (a: BlobDifference, b: BlobDifference): number =>
  effectOf(b) - effectOf(a) || compareText(a.digest, b.digest);

const effectOf = ({ statedBytes, storedBytes }: BlobDifference): number =>
  Math.abs(statedBytes - (storedBytes ?? 0));

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => Math.min(total + number, Number.MAX_SAFE_INTEGER), 0);
