/** A request to which no whole answer came. */
export type Silence = {
  readonly status: null;
  /** What went wrong, on one line. */
  readonly reason: string;
  /** The system's, OpenSSL's or undici's code for it, e.g. `ECONNREFUSED`; empty where there is none. */
  readonly code: string;
};

/** Reads what a request threw. */
export const readSilence = (thrown: unknown): Silence => ({
  status: null,
  reason: reasonOf(thrown),
  code: codeOf(thrown),
});

/** Whether a code is about a certificate that is not trusted. It will not be at the next try, either. */
export const isCertificateFault = (code: string): boolean => CERTIFICATE_FAULTS.has(code);

/** What Node calls a certificate that it does not trust: X509_V_ERR_* of OpenSSL, and a host name of its own. */
const CERTIFICATE_FAULTS: ReadonlySet<string> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'INVALID_CA',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * The first line of what went wrong at the bottom of it. Further lines may quote a file or the output of a credential
 * plugin, which must not reach a log.
 */
export const reasonOf = (thrown: unknown): string => {
  const bottom = bottomOf(thrown);
  if (!(bottom instanceof Error)) return String(bottom);
  const [line] = bottom.message.split('\n');
  return line || codeOf(bottom) || bottom.name;
};

const codeOf = (thrown: unknown): string => {
  const bottom = bottomOf(thrown);
  return bottom instanceof Error && 'code' in bottom ? String(bottom.code) : '';
};

/** A library wraps what the system said; the innermost cause says most. */
const bottomOf = (thrown: unknown): unknown =>
  thrown instanceof Error && thrown.cause instanceof Error ? bottomOf(thrown.cause) : thrown;
