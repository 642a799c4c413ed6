import './layers.css';
import '@mantine/core/styles.layer.css';
import './tokens.css';

import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { asProblem, setClientHooks } from './api/client';
import { useScheme } from './lib/preferences';
import { setReachable } from './lib/reachable';
import { isOpenPage, makeRouter, preloadPage } from './router';
import { proveAgain } from './shell/prove_again';
import { signInAgain } from './shell/sign_in_again';
import { cssVariables, theme } from './theme';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && asProblem(error).isPassing,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});
preloadPage(location.pathname);
const router = makeRouter(client);

setClientHooks({
  // Who was signed in signs in over the page; who comes without a session is sent to the sign-in by the router.
  onSignedOut: async () => {
    const wasIn = client.getQueriesData({ queryKey: ['me'] }).some(([, me]) => me !== undefined);
    return wasIn && !isOpenPage(router.state.location.pathname) && signInAgain();
  },
  onReachable: setReachable,
  proveAgain,
});

// A page whose files are gone belongs to a server that was replaced meanwhile: the page of the present one is loaded, once a minute at most.
addEventListener('vite:preloadError', (event) => {
  const entry = 'sluice.reloaded';
  if (Date.now() - Number(sessionStorage.getItem(entry) ?? 0) < 60_000) return;
  sessionStorage.setItem(entry, String(Date.now()));
  event.preventDefault();
  location.reload();
});

// What lies over pages comes after them.
const Overlays = lazy(() => import('./shell/Overlays'));
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
// The lock of scrolling below dialogs asks for it by this name (get-nonce).
Object.assign(globalThis, { __webpack_nonce__: nonce });

function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      forceColorScheme={useScheme()}
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
        <Suspense>
          <Overlays />
        </Suspense>
      </QueryClientProvider>
    </MantineProvider>
  );
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
