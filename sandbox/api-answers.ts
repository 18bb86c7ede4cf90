/** An HTTP answer before it is sent. */
export type Answer = {
  readonly status: number;
  readonly contentType: string;
  /** In pieces where it is long: putting them together would take longer than sending them. */
  readonly body: string | readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** How the body becomes bytes; UTF-8 unless told. */
  readonly charset?: 'latin1';
};

/** What a request is about, as refusals name it; `group` is empty for the core kinds. */
export type Subject = {
  readonly group: string;
  readonly plural: string;
  readonly namespace: string | null;
  readonly name: string | null;
  /** A part of the object, e.g. `layers`. */
  readonly subresource: string | null;
};

/** The API's own answer for a status code, worded as recorded where a recording exists. */
export const refuse = (status: number, { group, plural, namespace, name, subresource }: Subject): Answer => {
  const kind = group === '' ? plural : `${plural}.${group}`;
  const details = { ...(name === null ? {} : { name }), ...(group === '' ? {} : { group }), kind: plural };
  switch (status) {
    case 401:
      return refusal(401, 'Unauthorized', 'Unauthorized');
    case 403: {
      const verb = name === null ? 'list' : 'get';
      const resource = subresource === null ? plural : `${plural}/${subresource}`;
      // A namespace is in itself.
      const where = plural === 'namespaces' ? name : namespace;
      const place = where === null ? 'at the cluster scope' : `in the namespace "${where}"`;
      const message =
        `${name === null ? kind : `${kind} "${name}"`} is forbidden: User "nobody" cannot ${verb} ` +
        `resource "${resource}" in API group "${group}" ${place}`;
      return refusal(403, 'Forbidden', message, details);
    }
    case 404:
      return name === null ? noSuchPath() : refusal(404, 'NotFound', `${kind} "${name}" not found`, details);
    case 405:
      return refusal(405, 'MethodNotAllowed', 'The sandbox cannot be written to');
    case 429:
      return refusal(429, 'TooManyRequests', 'Too many requests, please try again later.');
    case 503:
      return text(
        503,
        'error trying to reach service: dial tcp 127.0.0.1:28443: connect: connection refused',
      );
    default:
      return refusal(status, 'InternalError', 'Internal error occurred');
  }
};

/** The answer to a path that no API serves: plain text, not a Status. */
export const noSuchPath = (): Answer => text(404, '404 page not found\n');

/** The refusal of a continue token that is none. */
export const refuseToken = (): Answer =>
  refusal(
    400,
    'BadRequest',
    "invalid continue token: continue key is not valid: invalid character '\\u0081' looking for beginning of value",
  );

/** The refusal of a continue token that is too old; it carries a fresh one. */
export const refuseExpired = (freshToken: string): Answer =>
  json(410, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: { continue: freshToken },
    status: 'Failure',
    message:
      'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
      'without the continue parameter, or use the continue token in this response to retrieve the remainder of ' +
      'the results. Continuing with the provided token results in an inconsistent list - objects that were ' +
      'created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    reason: 'Expired',
    code: 410,
  });

const refusal = (code: number, reason: string, message: string, details?: object): Answer =>
  json(code, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });

/** An object or a list. */
export const json = (status: number, value: object): Answer => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(value),
});

const text = (status: number, body: string): Answer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
});
