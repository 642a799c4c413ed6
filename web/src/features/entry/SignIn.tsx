// Signing in: password, then the second factor where there is one.

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asProblem, data } from '@/api/client';
import { EntryForm } from './EntryForm';

export function useOidc() {
  return useQuery({
    queryKey: ['auth', 'oidc'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/auth/oidc', { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export interface SignInProps {
  /** The password, or the identity provider, was right already. */
  challenge?: string;
  /** The page stays: an identity provider is asked in a tab of its own. */
  elsewhere?: boolean;
  onDone: () => void;
}

export function SignIn({ challenge: given, elsewhere, onDone }: SignInProps) {
  const [challenge, setChallenge] = useState(given ?? '');
  const oidc = useOidc();
  if (challenge) {
    return (
      <>
        <p>Enter the code that your authenticator app shows, or one of your recovery codes.</p>
        <EntryForm
          names={['otp']}
          action="Go on"
          onSubmit={async ({ otp }) => {
            await data(api.POST('/api/v1/auth/login/second-factor', { body: { challenge, otp } }));
            onDone();
          }}
        />
      </>
    );
  }
  return (
    <>
      <EntryForm
        names={['email', 'password']}
        action="Sign in"
        onSubmit={async (values) => {
          try {
            await data(api.POST('/api/v1/auth/login', { body: values }));
          } catch (error) {
            const problem = asProblem(error);
            if (problem.code !== 'otp_required' || typeof problem.body.challenge !== 'string') throw error;
            setChallenge(problem.body.challenge);
            return;
          }
          onDone();
        }}
      />
      {oidc.data?.enabled && oidc.data.path && (
        <Button component="a" href={oidc.data.path} target={elsewhere ? '_blank' : undefined}>
          Sign in with {oidc.data.name}
        </Button>
      )}
    </>
  );
}
