// What stands in the address of a run's page. "step=." is the run itself.

import { flag, integer, oneOf, searchParams, text, type Values } from '@/lib/search';

export const views = ['timeline', 'graph', 'events'] as const;
export const tabs = ['output', 'input', 'attempts', 'messages'] as const;
export const wholeRun = '.';

export const pageSearch = searchParams({
  view: oneOf(views, 'timeline'),
  step: text(),
  attempt: integer(0, 1),
  tab: oneOf(tabs, 'output'),
  words: text(),
  failed: flag(),
  inside: text(),
});
export type PageSearch = Values<(typeof pageSearch)['parameters']>;
