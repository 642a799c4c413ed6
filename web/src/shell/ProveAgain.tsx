// Some changes need the password anew (keys, people, roles): asked for when the API says so, then the change goes on.

import { Button, Modal, PasswordInput, TextInput } from '@mantine/core';
import { useState, useSyncExternalStore } from 'react';
import { api, asProblem, data } from '@/api/client';
import { ProblemText } from '@/components/States';
import classes from './ProveAgain.module.css';

let waiting: ((proved: boolean) => void)[] = [];
const watchers = new Set<() => void>();
const notify = () => {
  for (const watcher of watchers) watcher();
};

/** Asks the person; several requests at once ask once. */
export function proveAgain(): Promise<boolean> {
  return new Promise((resolve) => {
    waiting = [...waiting, resolve];
    notify();
  });
}

function answer(proved: boolean): void {
  const told = waiting;
  waiting = [];
  notify();
  for (const resolve of told) resolve(proved);
}

export function ProveAgain() {
  const asked = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => waiting.length > 0,
  );
  return (
    <Modal
      opened={asked}
      onClose={() => answer(false)}
      title="Your password once more"
      zIndex={400}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {asked && <ProveForm />}
    </Modal>
  );
}

function ProveForm() {
  const [password, setPassword] = useState('');
  const [otp, setOtp] = useState('');
  const [wantsOtp, setWantsOtp] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const prove = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await data(api.POST('/api/v1/auth/reauthenticate', { body: { password, ...(otp ? { otp } : {}) } }));
      answer(true);
    } catch (failure) {
      if (asProblem(failure).code === 'otp_required' && !wantsOtp) setWantsOtp(true);
      else setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        void prove();
      }}
    >
      <p>This change needs a password that was given within the last ten minutes, since a browser may stand open.</p>
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        required
        data-autofocus
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      />
      {wantsOtp && (
        <TextInput
          label="Code of your authenticator app, or a recovery code"
          autoComplete="one-time-code"
          required
          value={otp}
          onChange={(event) => setOtp(event.currentTarget.value)}
        />
      )}
      <ProblemText error={error} />
      <div className={classes.buttons}>
        <Button onClick={() => answer(false)}>Back</Button>
        <Button type="submit" variant="filled" loading={busy}>
          Go on
        </Button>
      </div>
    </form>
  );
}
