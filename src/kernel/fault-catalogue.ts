/** One coded error: its HTTP status, its OpenAI `type`, whether the same request may succeed later. */
export interface FaultEntry {
  readonly httpStatus: number;
  readonly type: string;
  readonly isRetryable: boolean;
  readonly message: string;
}

const invalid = (httpStatus: number, message: string): FaultEntry => ({
  httpStatus,
  type: 'invalid_request_error',
  isRetryable: false,
  message,
});
const server = (httpStatus: number, message: string, isRetryable = true): FaultEntry => ({
  httpStatus,
  type: 'server_error',
  isRetryable,
  message,
});

/**
 * Every fault of the product. `docs/reference/errors.md` lists the same codes; a test holds the two
 * against each other in both directions.
 */
export const FAULTS = {
  BRS_BODY_NOT_JSON: invalid(400, 'The body is not valid JSON: {reason} at byte {offset}.'),
  BRS_BODY_NOT_OBJECT: invalid(400, 'The body must be one JSON object.'),
  BRS_BODY_EMPTY: invalid(400, 'The body is empty: send a JSON object.'),
  BRS_BODY_TOO_LARGE: invalid(413, 'The body is larger than the limit of {limit} bytes.'),
  BRS_BODY_ENCODING: invalid(415, 'Content-Encoding {encoding} is not accepted: send plain JSON.'),
  BRS_CONTENT_TYPE: invalid(415, 'The body must be sent with "content-type: {expected}".'),
  BRS_BODY_TIMEOUT: invalid(408, 'The body did not arrive within {seconds} seconds.'),
  BRS_FIELD_DUPLICATE: invalid(400, 'The key "{key}" stands more than once in the body.'),
  BRS_FIELD_ESCAPED: invalid(400, 'The key "{key}" is written with escapes: write it plainly.'),
  BRS_FIELD_COUNT: invalid(400, 'The body has more than {limit} top-level members.'),
  BRS_FIELD_MISSING: invalid(400, 'The field "{field}" is required.'),
  BRS_FIELD_TYPE: invalid(400, 'The field "{field}" must be {expected}.'),
  BRS_FIELD_UNSUPPORTED: invalid(400, '"{field}" is not supported here: {remedy}.'),
  BRS_MODEL_UNKNOWN: invalid(404, 'The model "{model}" does not exist: GET /v1/models lists them.'),
  BRS_HTTP_MALFORMED: invalid(400, 'The bytes received are not an HTTP/1.1 request.'),
  BRS_HEADERS_TOO_LARGE: invalid(431, 'The headers are larger than the limit of {limit} bytes.'),
  BRS_HEADERS_TIMEOUT: invalid(408, 'The request did not arrive in time.'),
  BRS_PATH_UNKNOWN: invalid(
    404,
    'There is nothing at {method} {path}: models are asked at paths like POST /v1/chat/completions.',
  ),
  BRS_METHOD: invalid(405, '{path} does not accept {method}: use {allowed}.'),
  BRS_NOT_FOUND: invalid(404, 'There is no {kind} "{id}".'),
  BRS_ADMIN_INPUT: invalid(400, '{place}: {reason}.'),
  BRS_OFFLINE_INPUT: invalid(400, '{place}: {reason}.'),
  BRS_KEY_MISSING: {
    httpStatus: 401,
    type: 'authentication_error',
    isRetryable: false,
    message: 'An API key is required: send "Authorization: Bearer KEY".',
  },
  BRS_KEY_INVALID: {
    httpStatus: 401,
    type: 'authentication_error',
    isRetryable: false,
    message: 'The API key is not known.',
  },
  BRS_FORBIDDEN: {
    httpStatus: 403,
    type: 'permission_error',
    isRetryable: false,
    message: '{reason}',
  },
  BRS_TOOL_FORBIDDEN: {
    httpStatus: 403,
    type: 'permission_error',
    isRetryable: false,
    message: 'The tool "{tool}" is not allowed here ({rule}): {remedy}.',
  },
  BRS_TOOL_CALLED: {
    httpStatus: 403,
    type: 'permission_error',
    isRetryable: false,
    message: 'The answer was withheld, since it calls a tool that is not allowed here ({rule}).',
  },
  BRS_CONCURRENCY: {
    httpStatus: 429,
    type: 'rate_limit_error',
    isRetryable: true,
    message: 'Too many requests at once (limit {limit}): try again shortly.',
  },
  BRS_RATE: {
    httpStatus: 429,
    type: 'rate_limit_error',
    isRetryable: true,
    message: 'More than {limit} requests per minute: try again in {seconds} seconds.',
  },
  BRS_BUDGET_EXHAUSTED: {
    httpStatus: 402,
    type: 'insufficient_quota',
    isRetryable: false,
    message: 'The budget {budget} is used up: {detail}.',
  },
  BRS_NO_ELIGIBLE_MODEL: server(503, 'No instance may serve this request: {detail}.'),
  BRS_FORBIDDEN_MODEL: {
    httpStatus: 403,
    type: 'permission_error',
    isRetryable: false,
    message: 'The policy does not allow "{model}" for this request: {detail}.',
  },
  BRS_LIMIT_UNMEETABLE: invalid(422, 'No instance meets the limits of this request: {detail}.'),
  BRS_UPSTREAM_CONNECT: server(502, 'Instance {instance} could not be reached.'),
  BRS_UPSTREAM_STATUS: server(502, 'Instance {instance} answered with status {status}.'),
  BRS_UPSTREAM_PROTOCOL: server(
    502,
    'Instance {instance} sent an answer that cannot be read: {reason}.',
  ),
  BRS_UPSTREAM_CREDENTIAL: server(
    502,
    "Instance {instance} did not accept the exchange's own credential.",
    false,
  ),
  BRS_UPSTREAM_RATE: {
    httpStatus: 429,
    type: 'rate_limit_error',
    isRetryable: true,
    message: 'Instance {instance} is rate-limited: try again in {seconds} seconds.',
  },
  BRS_UPSTREAM_TIMEOUT: server(504, 'Instance {instance} sent nothing for {seconds} seconds.'),
  BRS_UPSTREAM_STALE: server(502, 'Instance {instance} had closed the connection.'),
  BRS_UPSTREAM_CUT: server(502, 'Instance {instance} broke off before the answer was complete.'),
  BRS_ATTEMPTS_EXHAUSTED: server(503, 'Every permitted instance failed: {detail}.'),
  BRS_ABORTED: server(499, 'The client left.', false),
  BRS_SHUTTING_DOWN: server(503, 'The exchange is shutting down.'),
  BRS_OVERLOADED: {
    httpStatus: 429,
    type: 'rate_limit_error',
    isRetryable: true,
    message: 'The exchange is overloaded: try again in {seconds} seconds.',
  },
  BRS_STORE: server(503, 'The store cannot be written: {reason}.'),
  BRS_KEEPER_LOST: server(503, 'The keeper of shared state does not answer.'),
  BRS_CONFIG: {
    httpStatus: 500,
    type: 'configuration_error',
    isRetryable: false,
    message: '{report}',
  },
  BRS_PLUGIN: {
    httpStatus: 500,
    type: 'configuration_error',
    isRetryable: false,
    message: 'The plugin {plugin} cannot be used: {reason}.',
  },
  BRS_DEPENDENCY_MISSING: {
    httpStatus: 500,
    type: 'configuration_error',
    isRetryable: false,
    message: '{feature} needs the package {package}: npm install {package}.',
  },
  BRS_MODEL_FILE: {
    httpStatus: 400,
    type: 'configuration_error',
    isRetryable: false,
    message: 'The model file {file} cannot be used: {reason}.',
  },
  BRS_MODEL_MEMORY: {
    httpStatus: 500,
    type: 'configuration_error',
    isRetryable: false,
    message:
      'There is too little memory for {file} with {contexts}: {reason}. Take fewer slots, a smaller contextTokens or a smaller model.',
  },
  BRS_MODEL_CRASH: {
    httpStatus: 500,
    type: 'configuration_error',
    isRetryable: false,
    message:
      'The process that loaded {file} ended ({how}): the file may be broken, or larger than the memory. It is tried again after {minutes} minutes.',
  },
  BRS_LISTEN: {
    httpStatus: 500,
    type: 'configuration_error',
    isRetryable: false,
    message: 'Cannot listen on {address}: {reason}.',
  },
  BRS_UNPROTECTED: {
    httpStatus: 500,
    type: 'configuration_error',
    isRetryable: false,
    message:
      'The {surface} does not listen on {host} without a key: {remedy}, or bind to 127.0.0.1.',
  },
  BRS_INVARIANT: server(500, 'An invariant of the exchange does not hold: {invariant}.', false),
  BRS_INTERNAL: server(500, 'The exchange failed to handle the request.', false),
} as const satisfies Record<string, FaultEntry>;

export type FaultCode = keyof typeof FAULTS;
