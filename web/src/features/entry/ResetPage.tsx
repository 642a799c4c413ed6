import { useState } from 'react';
import { api } from '@/api/client';
import { EntryForm, enterDashboard, tokenOfAddress } from './EntryForm';
import { EntryPage } from './EntryPage';
import { SignIn } from './SignIn';

/** A new password, by a link of the server's operator; then the sign-in with it. */
export default function ResetPage() {
  const [done, setDone] = useState(false);
  if (done) {
    return (
      <EntryPage title="Sign in">
        <p>The new password counts from now on.</p>
        <SignIn onDone={() => enterDashboard()} />
      </EntryPage>
    );
  }
  return (
    <EntryPage title="New password">
      <EntryForm
        names={['new_password']}
        action="Set the password"
        onSubmit={async ({ new_password }) => {
          await api.POST('/api/v1/auth/reset', { body: { token: tokenOfAddress(), password: new_password } });
          setDone(true);
        }}
      />
    </EntryPage>
  );
}
