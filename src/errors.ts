/**
 * The seven kinds of error that a caller can act on.
 *
 * - `invalid`: the caller's input or configuration is wrong
 * - `not_found`: the named thing does not exist
 * - `conflict`: somebody else changed the state, or took it first
 * - `forbidden`: the credentials lack a right
 * - `unavailable`: another process did not answer; trying again may help
 * - `rejected`: a policy or a peer said no for good; trying again cannot help
 * - `internal`: a defect of ours
 */
export type ErrorCode =
  'invalid' | 'not_found' | 'conflict' | 'forbidden' | 'unavailable' | 'rejected' | 'internal';

/** The command line's exit code for each error code: 2 for usage or configuration, 4 for refused by policy, else 1. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  invalid: 2,
  not_found: 1,
  conflict: 1,
  forbidden: 1,
  unavailable: 1,
  rejected: 4,
  internal: 1,
};

/** Whether a job that failed with this error is worth retrying. */
export const RETRYABLE: Readonly<Record<ErrorCode, boolean>> = {
  invalid: false,
  not_found: false,
  conflict: false,
  forbidden: false,
  unavailable: true,
  rejected: false,
  internal: true,
};

/**
 * The only error type that crosses a boundary. Its message is for people, its code for programs, and its hint says what
 * to do next. `cause` keeps what a library threw.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint ?? null;
  }
}

/** Turns anything thrown into an AppError. What is not one yet is a defect of ours: `internal`, with its cause. */
export const toAppError = (thrown: unknown): AppError =>
  thrown instanceof AppError
    ? thrown
    : new AppError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
