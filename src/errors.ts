/**
 * What went wrong, in the seven ways that callers can act on.
 *
 * - `invalid`: the caller's words or configuration are wrong
 * - `not_found`: the named thing does not exist
 * - `conflict`: the state changed under us or is taken
 * - `forbidden`: the credentials lack a right
 * - `unavailable`: another process did not answer; trying again may help
 * - `rejected`: a policy or a peer said no for good; trying again cannot help
 * - `internal`: a defect of ours
 */
export type ErrorCode =
  'invalid' | 'not_found' | 'conflict' | 'forbidden' | 'unavailable' | 'rejected' | 'internal';

/** Exit code of the command line for each error code: 2 usage or configuration, 4 refused by policy, else 1. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  invalid: 2,
  not_found: 1,
  conflict: 1,
  forbidden: 1,
  unavailable: 1,
  rejected: 4,
  internal: 1,
};

/** Whether a job that met the error is worth another try. */
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
 * The one error type that crosses a boundary: a sentence for people, a code for programs, and in `hint` what to do
 * next. `cause` keeps what a library threw.
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

/** Anything thrown, as an AppError; what is not one already is a defect of ours (`internal`) and keeps its cause. */
export const toAppError = (thrown: unknown): AppError =>
  thrown instanceof AppError
    ? thrown
    : new AppError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
