// What went wrong, as the API says it (RFC 9457), or that it could not be asked.

export interface Mistake {
  pointer: string;
  message: string;
}

export class Problem extends Error {
  readonly status: number;
  /** The stable word: "not_found", "step_up_required", …; "unreachable" when there was no answer. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string;
  readonly mistakes: Mistake[];
  /** The whole document: some problems carry more (a challenge, the present version). */
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>, requestId = '') {
    const string = (name: string) => (typeof body[name] === 'string' ? (body[name] as string) : '');
    const title = string('title') || (status === 0 ? 'The server does not answer' : `The server answered ${status}`);
    super(string('detail') || title);
    this.name = 'Problem';
    this.status = status;
    this.code = string('code') || (status === 0 ? 'unreachable' : '');
    this.title = title;
    this.detail = string('detail');
    this.requestId = string('request_id') || requestId;
    this.mistakes = Array.isArray(body.errors) ? (body.errors as Mistake[]) : [];
    this.body = body;
  }

  get isMissing(): boolean {
    return this.status === 404;
  }
  get isForbidden(): boolean {
    return this.status === 403;
  }
  /** The object changed since it was read: 412, or 409 of a version. */
  get isConflict(): boolean {
    return this.status === 412 || this.status === 409;
  }
  /** Asking again may help by itself. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

export const unreachable = () =>
  new Problem(0, {
    title: 'The server does not answer',
    detail: 'It may be stopped or restarting, or the network is away. What is shown may be old.',
  });

/** Any thrown value as a problem, so that screens have one shape to show. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Problem(-1, { title: 'This page failed', detail: message, code: 'page' });
}

/** The answer's problem; of an answer that is no problem document, its status. */
export async function problemOf(response: Response): Promise<Problem> {
  let body: unknown;
  try {
    body = JSON.parse(await response.clone().text());
  } catch {
    body = {};
  }
  const requestId = response.headers.get('X-Request-Id') ?? '';
  return new Problem(
    response.status,
    typeof body === 'object' && body ? (body as Record<string, unknown>) : {},
    requestId,
  );
}
