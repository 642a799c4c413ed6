import { useQuery } from '@tanstack/react-query';
import { api, asProblem, data } from '@/api/client';
import { meQuery } from '@/api/session';
import { Failed, Loading } from '@/components/States';
import { EntryForm, enterDashboard, tokenOfAddress } from './EntryForm';
import { EntryPage } from './EntryPage';
import { SignIn } from './SignIn';

/** An invitation's link: makes the account, or joins with the one that is there. */
export default function InvitePage() {
  const token = tokenOfAddress() || 'none';
  const params = { path: { token } };
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: ({ signal }) => data(api.GET('/api/v1/auth/invitations/{token}', { params, signal })),
  });
  const me = useQuery({ ...meQuery(''), retry: (count, error) => count < 2 && asProblem(error).isPassing });
  if (invitation.isPending || me.isPending) {
    return (
      <EntryPage title="Invitation" ready={false}>
        <Loading rows={3} />
      </EntryPage>
    );
  }
  if (invitation.isError) {
    return (
      <EntryPage title="Invitation">
        <Failed error={invitation.error} what="The invitation" onRetry={() => void invitation.refetch()} />
      </EntryPage>
    );
  }
  const { email, workspace, role, has_account } = invitation.data;
  const intro = (
    <p>
      {email} is invited to the workspace {workspace.name} as {role}.
    </p>
  );
  const accept = async (body: { name?: string; password?: string }) => {
    await api.POST('/api/v1/auth/invitations/{token}', { params, body });
    enterDashboard();
  };
  if (!has_account) {
    return (
      <EntryPage title="Invitation">
        {intro}
        <EntryForm
          names={['name', 'new_password']}
          action="Make the account"
          onSubmit={({ name, new_password }) => accept({ name, password: new_password })}
        />
      </EntryPage>
    );
  }
  return (
    <EntryPage title="Invitation">
      {intro}
      {me.data?.user?.email === email ? (
        <EntryForm names={[]} action="Join" onSubmit={() => accept({})} />
      ) : (
        <>
          <p>Sign in with that account first.</p>
          <SignIn onDone={() => location.reload()} />
        </>
      )}
    </EntryPage>
  );
}
