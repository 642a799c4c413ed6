// The forms of people: fields by name, one button, what went wrong. Tokens come in the part of the address after #, which
// browsers do not send to servers.

import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { ProblemText } from '@/components/States';
import classes from './EntryPage.module.css';

const fields = {
  email: { label: 'E-mail address', type: 'email', autoComplete: 'username' },
  name: { label: 'Your name', type: 'text', autoComplete: 'name' },
  password: { label: 'Password', type: 'password', autoComplete: 'current-password' },
  new_password: { label: 'Password, 12 characters or more', type: 'password', autoComplete: 'new-password' },
  otp: { label: 'Code', type: 'text', autoComplete: 'one-time-code' },
} as const;
type Field = keyof typeof fields;

export function EntryForm<F extends Field>(props: {
  names: readonly F[];
  action: string;
  onSubmit: (values: Record<F, string>) => Promise<void>;
}) {
  const { names, action, onSubmit } = props;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit(Object.fromEntries(new FormData(event.currentTarget)) as Record<F, string>);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)}>
      {names.map((name, index) => {
        const { type, ...rest } = fields[name];
        const common = { name, required: true, withAsterisk: false, autoFocus: index === 0, ...rest };
        if (type === 'password') {
          return (
            <PasswordInput
              key={name}
              {...common}
              minLength={name === 'new_password' ? 12 : undefined}
              visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
            />
          );
        }
        return <TextInput key={name} {...common} type={type} autoCapitalize="none" />;
      })}
      <ProblemText error={error} />
      <Button type="submit" variant="filled" loading={busy}>
        {action}
      </Button>
    </form>
  );
}

/** From `#token=…`; empty when the link is broken. */
export const tokenOfAddress = () => new URLSearchParams(location.hash.slice(1)).get('token') ?? '';

/** Into the dashboard, with everything read anew; only to places of this server. */
export function enterDashboard(next?: string | null): void {
  const target = next ? new URL(next, location.origin) : undefined;
  const own = target && target.origin === location.origin && !target.pathname.startsWith('/login');
  location.assign(own ? target.pathname + target.search + target.hash : '/');
}
