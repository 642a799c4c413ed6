import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api, data } from '@/api/client';
import { enterDashboard } from './EntryForm';
import { EntryPage } from './EntryPage';
import { SignIn, useOidc } from './SignIn';

export default function LoginPage() {
  const { next } = useSearch({ strict: false }) as { next?: string };
  const [given] = useState(() => new URLSearchParams(location.hash.slice(1)));
  const challenge = given.get('challenge') ?? '';
  const setup = useQuery({
    queryKey: ['auth', 'setup'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/auth/setup', { signal })),
  });
  const oidc = useOidc();
  useEffect(() => {
    // It works once, and a reload must not offer it again.
    if (challenge) history.replaceState(history.state, '', location.pathname + location.search);
  }, [challenge]);
  return (
    <EntryPage title={challenge ? 'Second factor' : 'Sign in'} ready={!setup.isPending && !oidc.isPending}>
      {given.get('link') === 'over' && (
        <p className="error" role="alert">
          This sign-in link was used already or is older than ten minutes. Run <code>sluice link</code> again.
        </p>
      )}
      <SignIn challenge={challenge} onDone={() => enterDashboard(next)} />
      {setup.data && !challenge && (
        <p className="quiet">
          {setup.data.needed ? (
            'Nobody has an account yet. The server’s log has a link that makes the first one; a restart prints another.'
          ) : (
            <>
              Without an account, run <code>sluice link</code> on the server’s machine; for a forgotten password{' '}
              <code>sluice user reset</code>.
            </>
          )}
        </p>
      )}
    </EntryPage>
  );
}
