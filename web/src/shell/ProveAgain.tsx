// Some changes need the password anew (keys, people, roles): asked for when the API says so, then the change goes on.

import { Button, Modal, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, asProblem, data } from '@/api/client';
import { ProblemText } from '@/components/States';
import classes from './ProveAgain.module.css';
import { answerProof, useProofAsked } from './prove_again';

export function ProveAgain() {
  const asked = useProofAsked();
  return (
    <Modal
      opened={asked}
      onClose={() => answerProof(false)}
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
      answerProof(true);
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
        <Button onClick={() => answerProof(false)}>Back</Button>
        <Button type="submit" variant="filled" loading={busy}>
          Go on
        </Button>
      </div>
    </form>
  );
}
