import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { Panel } from '@/components/Panel';
import { ProblemText } from '@/components/States';
import classes from './Account.module.css';
import { useChangePassword } from './queries';

const eye = { 'aria-label': 'Show the password' };

export function ChangePassword() {
  const [password, setPassword] = useState('');
  const [next, setNext] = useState('');
  const change = useChangePassword();
  return (
    <Panel title="Password">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate(
            { password, new_password: next },
            {
              onSuccess: () => {
                setPassword('');
                setNext('');
              },
            },
          );
        }}
      >
        <PasswordInput
          label="Present password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={eye}
        />
        <PasswordInput
          label="New password, 12 characters or more"
          description="Your other sessions end with the change."
          autoComplete="new-password"
          required
          withAsterisk={false}
          minLength={12}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          visibilityToggleButtonProps={eye}
        />
        <ProblemText error={change.error} />
        {change.isSuccess && <p role="status">The new password counts from now on.</p>}
        <Button type="submit" loading={change.isPending}>
          Change password
        </Button>
      </form>
    </Panel>
  );
}
