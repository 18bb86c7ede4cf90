/**
 * The command that deletes a whole tag with all its revisions, e.g. `oc tag -d api:pr-100 -n a1b2c3-dev`.
 * Null when a name does not match the API's grammar: such a name is never put into a shell command.
 */
export const deleteTagCommand = (namespace: string, stream: string, tag: string): string | null =>
  NAMESPACE.test(namespace) && STREAM.test(stream) && TAG.test(tag)
    ? `oc tag -d ${stream}:${tag} -n ${namespace}`
    : null;

/** A DNS label (Kubernetes `IsDNS1123Label`). */
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** A path component of a repository name, at most 255 long (distribution/reference). It may contain underscores. */
const STREAM = /^(?=.{1,255}$)[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/;
/** A tag in the registry's reference grammar (distribution/reference `TagRegexp`). */
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** One block to copy. It runs the commands only if `oc` is logged in to the cluster they were computed for. */
export const guardCommands = (commands: readonly string[], apiUrl: string | null): readonly string[] =>
  apiUrl === null || !isQuotableUrl(apiUrl)
    ? commands
    : [
        `if [ "$(oc whoami --show-server)" = '${apiUrl}' ]; then`,
        ...commands.map((command) => `  ${command}`),
        `else echo 'Not logged in to ${apiUrl}: nothing was deleted.'; fi`,
      ];

/** Whether an address is safe between single quotes in a shell. */
export const isQuotableUrl = (url: string): boolean => /^https?:\/\/[A-Za-z0-9.:[\]/_-]+$/.test(url);
