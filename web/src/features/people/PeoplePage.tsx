// Who belongs to the workspace, with which role, and who is invited.

import { Select, TextInput } from '@mantine/core';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useRoleNames } from '@/api/session';
import { Confirm } from '@/components/Confirm';
import { type Column, DataTable } from '@/components/DataTable';
import { List } from '@/components/List';
import { Once } from '@/components/Once';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { Sheet } from '@/components/Sheet';
import { Empty, Failed } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago } from '@/components/Values';
import { searchParams, text, useSearchParams } from '@/lib/search';
import { Member } from './Member';
import { type Invitation, type User, useInvitations, useInvite, useRevokeInvitation, useUsers } from './queries';

const search = searchParams({ user: text() });

const columns: Column<User>[] = [
  { key: 'name', title: 'Name', render: (user) => user.name || user.email, card: 'title' },
  { key: 'email', title: 'E-mail', render: (user) => user.email },
  { key: 'role', title: 'Role', width: 120, render: (user) => user.role },
  {
    key: 'projects',
    title: 'In projects',
    below: 1024,
    render: (user) => (user.project_roles ?? []).map((one) => `${one.project}: ${one.role}`).join(', '),
  },
  { key: 'status', title: 'Status', width: 110, render: (user) => <StatusMark status={user.status} />, card: 'mark' },
  {
    key: 'seen',
    title: 'Last sign-in',
    width: 130,
    render: (user) => <Ago time={user.last_sign_in_at} empty="never" />,
  },
];

export default function PeoplePage() {
  const [values, set] = useSearchParams(search);
  const [inviting, setInviting] = useState(false);
  const [link, setLink] = useState<string>();
  const users = useUsers();
  const button = (
    <Permitted permission="users:write" icon={UserPlus} onClick={() => setInviting(true)}>
      Invite person
    </Permitted>
  );
  return (
    <Page
      title="People"
      ready={!users.isPending}
      actions={button}
      aside={
        values.user ? (
          <Sheet title="Member" onClose={() => set({ user: '' })}>
            <Member key={values.user} id={values.user} onGone={() => set({ user: '' })} />
          </Sheet>
        ) : undefined
      }
    >
      <List
        query={users}
        what="members"
        title="Members"
        lines={5}
        empty={
          <Empty action={button} command="sluice user create --email ada@example.com">
            Nobody has an account in this workspace yet.
          </Empty>
        }
        label="Members"
        rows={users.items}
        rowKey={(user) => user.id}
        columns={columns}
        active={values.user}
        onOpen={(user) => set({ user: user.id }, 'push')}
        more={users.more}
      />
      <Invitations />
      <Invite key={String(inviting)} opened={inviting} onClose={() => setInviting(false)} onMade={setLink} />
      <Once title="The invitation" label="link" value={link} onClose={() => setLink(undefined)}>
        Send this link to the person. It is shown this once, and works once.
      </Once>
    </Page>
  );
}

function Invitations() {
  const invitations = useInvitations();
  const revoke = useRevokeInvitation();
  const [asking, setAsking] = useState<Invitation>();
  const open: Column<Invitation>[] = [
    { key: 'email', title: 'E-mail', render: (one) => one.email, card: 'title' },
    { key: 'role', title: 'Role', width: 120, render: (one) => one.role },
    {
      key: 'status',
      title: 'Status',
      width: 110,
      render: (one) => (
        <StatusMark
          status={one.status === 'open' ? 'pending' : one.status === 'accepted' ? 'done' : one.status}
          word={one.status}
        />
      ),
      card: 'mark',
    },
    { key: 'ends', title: 'Ends', width: 110, render: (one) => <Ago time={one.expires_at} /> },
    {
      key: 'act',
      title: '',
      width: 100,
      render: (one) =>
        one.status === 'open' && (
          <Permitted permission="users:write" size="compact-xs" onClick={() => setAsking(one)}>
            Revoke
          </Permitted>
        ),
    },
  ];
  if (invitations.isPending || (!invitations.isError && invitations.items.length === 0)) return null;
  return (
    <Panel flush title="Invitations">
      {invitations.isError ? (
        <Failed error={invitations.error} what="The list of invitations" onRetry={() => void invitations.refetch()} />
      ) : (
        <DataTable
          label="Invitations"
          rows={invitations.items}
          rowKey={(one) => one.id}
          columns={open}
          more={invitations.more}
          withoutKeys
        />
      )}
      <Confirm
        opened={asking !== undefined}
        onClose={() => setAsking(undefined)}
        title="Revoke invitation"
        action="Revoke invitation"
        danger
        onConfirm={() => revoke.mutateAsync(asking?.id ?? '')}
      >
        The link that was sent to {asking?.email} does not work any more.
      </Confirm>
    </Panel>
  );
}

function Invite(props: { opened: boolean; onClose: () => void; onMade: (link: string) => void }) {
  const { opened, onClose, onMade } = props;
  const invite = useInvite();
  const roles = useRoleNames();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState('developer');
  const wrong = !/^\S+@\S+$/.test(email.trim());
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="Invite person"
      action="Make invitation"
      disabled={wrong}
      onConfirm={async () => {
        const made = await invite.mutateAsync({ email: email.trim(), role });
        if (made.path) onMade(new URL(made.path, location.origin).href);
      }}
    >
      <div className="stack">
        <TextInput
          label="E-mail"
          type="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={email.trim() !== '' && wrong && 'An address such as ada@example.com'}
          required
          data-autofocus
        />
        <Select
          label="Role"
          data={roles.data ?? [role]}
          value={role}
          allowDeselect={false}
          onChange={(value) => value && setRole(value)}
        />
      </div>
    </Confirm>
  );
}
