import { api, data } from '@/api/client';
import { EntryForm, enterDashboard, tokenOfAddress } from './EntryForm';
import { EntryPage } from './EntryPage';

/** The first person, by the link that the server's start printed. */
export default function SetupPage() {
  return (
    <EntryPage title="Set up Sluice">
      <p>This makes the owner’s account of this server.</p>
      <EntryForm
        names={['email', 'name', 'new_password']}
        action="Make the account"
        onSubmit={async ({ email, name, new_password }) => {
          await data(
            api.POST('/api/v1/auth/setup', { body: { token: tokenOfAddress(), email, name, password: new_password } }),
          );
          enterDashboard();
        }}
      />
    </EntryPage>
  );
}
