// The keys that act on every page, the palette and the help that lists them.

import { lazy, Suspense } from 'react';
import { useGo } from '@/components/Link';
import { useKeys } from '@/lib/keys';
import { setPreferences, useScheme } from '@/lib/preferences';
import { showOverlay, useOverlay } from './palette_state';
import { useNavPages } from './Rail';

const Palette = lazy(() => import('./Palette'));
const KeyHelp = lazy(() => import('./KeyHelp'));

export function ShellKeys() {
  const go = useGo();
  const overlay = useOverlay();
  const scheme = useScheme();
  const pages = useNavPages().filter((page) => page.nav!.key);
  useKeys('Everywhere', [
    { keys: '$mod+K', does: 'Search pages, runs, flows, actions', act: () => showOverlay('palette'), evenTyping: true },
    { keys: 'Shift+?', does: 'This help', act: () => showOverlay('help') },
    { keys: '?', does: 'This help', act: () => showOverlay('help'), unlisted: true }, // layouts where it needs no Shift
    {
      keys: '$mod+J',
      does: 'Light or dark theme',
      act: () => setPreferences({ theme: scheme === 'dark' ? 'light' : 'dark' }),
      evenTyping: true,
    },
  ]);
  useKeys(
    'Go to',
    pages.map((page) => ({ keys: `g ${page.nav!.key}`, does: page.title, act: () => go({ to: page.path }) })),
  );
  const close = () => showOverlay(undefined);
  return (
    <Suspense>
      {overlay === 'palette' && <Palette onClose={close} />}
      {overlay === 'help' && <KeyHelp onClose={close} />}
    </Suspense>
  );
}
