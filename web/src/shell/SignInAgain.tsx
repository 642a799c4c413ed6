// Over the page whose session is over: the sign-in, after which the page goes on with all that was typed.

import { Button, Modal } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { workspaceOfAddress } from '@/api/client';
import { problemOf } from '@/api/problem';
import type { Me } from '@/api/session';
import { Loading, ProblemText } from '@/components/States';
import classes from './ProveAgain.module.css';
import { answerSignIn, expectSignOut, useSignInAsked } from './sign_in_again';

const SignIn = lazy(() => import('@/features/entry/SignIn').then((module) => ({ default: module.SignIn })));

export function SignInAgain() {
  const asked = useSignInAsked();
  return (
    <Modal
      opened={asked}
      onClose={() => {}}
      title="Your session is over"
      zIndex={410}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      {asked && <Again />}
    </Modal>
  );
}

function Again() {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const goOn = async () => {
    setError(undefined);
    try {
      // Not by the client, which would wait for this dialog.
      const workspace = workspaceOfAddress();
      const answer = await fetch('/api/v1/auth/me', { headers: workspace ? { 'Sluice-Workspace': workspace } : {} });
      if (!answer.ok) throw await problemOf(answer);
      const now = (await answer.json()) as Me;
      const before = client.getQueriesData<Me>({ queryKey: ['me'] });
      const same = before.every(([, me]) => !me || me.user?.id === now.user?.id);
      // Somebody else begins with a page of his own.
      if (!same) return location.reload();
      answerSignIn(true);
      void client.invalidateQueries();
    } catch (failure) {
      setError(failure);
    }
  };
  const leave = () => {
    expectSignOut();
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  };
  return (
    <div className={classes.form}>
      <p>Sign in again: this page goes on where it was, with what you typed.</p>
      <Suspense fallback={<Loading rows={3} />}>
        <SignIn elsewhere onDone={() => void goOn()} />
      </Suspense>
      <ProblemText error={error} />
      <div className={classes.buttons}>
        <Button variant="subtle" onClick={leave}>
          Leave this page
        </Button>
        <Button onClick={() => void goOn()}>I have signed in in another tab</Button>
      </div>
    </div>
  );
}
