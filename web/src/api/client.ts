// The API. Types come from the server's own OpenAPI document (schema.gen.ts). Pages wrap calls in hooks of their queries.ts:
//
//   export const useRuns = (query: …) =>
//     useQuery({ queryKey: ['runs', query], queryFn: ({ signal }) => data(api.GET('/api/v1/runs', { params: { query }, signal })) });
//   export const useCancelRun = () =>
//     useMutation({ mutationFn: (id: string) => data(api.POST('/api/v1/runs/{id}/cancel', { params: { path: { id } } })) });
//
// Every refusal is thrown as a `Problem`. The client adds the workspace of the address, Idempotency-Key and Sluice-Request on
// writes; asks for the password where the API wants it once more; where the session is over it waits for the sign-in, and goes on.

import createClient from 'openapi-fetch';
import { newKey } from '@/lib/ids';
import { problemOf, unreachable } from './problem';
import type { components, paths } from './schema.gen';

export { asProblem, Problem } from './problem';
export type Schemas = components['schemas'];

/** The workspace that the address names: /w/NAME/…; empty on global pages. */
export function workspaceOfAddress(path = location.pathname): string {
  const match = /^\/w\/([^/]+)/.exec(path);
  return match ? decodeURIComponent(match[1]!) : '';
}

// What the shell does for the client; set once at the start.
interface Hooks {
  /** The session is over; true: the person signed in again. */
  onSignedOut(): Promise<boolean>;
  /** Gives the password once more; false: the person gave up. */
  proveAgain(): Promise<boolean>;
  onReachable(reachable: boolean): void;
}
const hooks: Hooks = { onSignedOut: async () => false, proveAgain: async () => false, onReachable: () => {} };
export function setClientHooks(given: Partial<Hooks>): void {
  Object.assign(hooks, given);
}

/** `fetch` with what every request of this dashboard needs. Throws Problem for every refusal. Also for uploads and downloads. */
export async function send(request: Request): Promise<Response> {
  const writes = request.method !== 'GET' && request.method !== 'HEAD';
  const workspace = workspaceOfAddress();
  if (workspace && !request.headers.has('Sluice-Workspace')) {
    request.headers.set('Sluice-Workspace', encodeHeader(workspace));
  }
  if (writes) {
    request.headers.set('Sluice-Request', 'dashboard');
    if (!request.headers.has('Idempotency-Key')) request.headers.set('Idempotency-Key', newKey());
  }
  const again = request.clone();
  const response = await ask(request);
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.code === 'step_up_required' && (await hooks.proveAgain())) {
    const second = await ask(again);
    if (second.ok) return second;
    throw await problemOf(second);
  }
  // The routes of sign-in answer 401 to a wrong password too; whether the session lives, /me says.
  const { pathname } = new URL(request.url);
  const asksWho = !pathname.startsWith('/api/v1/auth/') || pathname === '/api/v1/auth/me';
  if (problem.status === 401 && asksWho && (await hooks.onSignedOut())) {
    const second = await ask(again);
    if (second.ok) return second;
    throw await problemOf(second);
  }
  throw problem;
}

async function ask(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    hooks.onReachable(true);
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    hooks.onReachable(false);
    throw unreachable();
  }
}

/** Names of workspaces are ASCII; anything else cannot be a header. */
function encodeHeader(value: string): string {
  return /^[\x21-\x7e]+$/.test(value) ? value : encodeURIComponent(value);
}

export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: send,
  headers: { Accept: 'application/json' },
});

type Answer<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

/** The body of a call; throws Problem. */
export async function data<T>(call: Answer<T>): Promise<NonNullable<T>> {
  return (await call).data as NonNullable<T>;
}

/** The body with its ETag, for a later `ifMatch`. */
export async function dataWithTag<T>(call: Answer<T>): Promise<{ data: NonNullable<T>; etag: string }> {
  const answer = await call;
  return { data: answer.data as NonNullable<T>, etag: answer.response.headers.get('ETag') ?? '' };
}

/** `api.PUT(path, { …, headers: ifMatch(etag) })`: refused with 412 when the object changed since it was read. */
export function ifMatch(etag: string | undefined): Record<string, string> {
  return etag ? { 'If-Match': etag } : {};
}

/** A link to a download of the API; the browser sends no headers, so the workspace is in the query. */
export function downloadUrl(path: string, query: Record<string, string> = {}): string {
  const search = new URLSearchParams({ ...query, workspace: workspaceOfAddress() });
  return `${path}?${search}`;
}
