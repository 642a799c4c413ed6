// The project that the top bar is set to; empty: all. It is the parameter `project` of the address, and stays from page to page.

import { searchParams, text, useSearchParams } from './search';

const params = searchParams({ project: text() });

/** Pages pass it on to lists that take `project`: `query: { …, project: project || undefined }`. */
export function useProject(): [string, (name: string) => void] {
  const [values, set] = useSearchParams(params);
  return [values.project, (project) => set({ project })];
}
