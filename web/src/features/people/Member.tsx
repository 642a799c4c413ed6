// One member: the role here and in projects, switched off and on, removed.

import { ActionIcon, Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { projectsQuery, useMe, useRoleNames, useWhyNot } from '@/api/session';
import { Confirm } from '@/components/Confirm';
import { Link } from '@/components/Link';
import { Facts, Panel } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { Loaded, ProblemText } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Id } from '@/components/Values';
import { type User, useChangeUser, useRemoveUser, useUser } from './queries';

export function Member({ id, onGone }: { id: string; onGone: () => void }) {
  return (
    <Loaded query={useUser(id)} what="The member">
      {(user) => <Facets user={user} onGone={onGone} />}
    </Loaded>
  );
}

function Facets({ user, onGone }: { user: User; onGone: () => void }) {
  const me = useMe();
  const whyNot = useWhyNot('users:write');
  const roles = useRoleNames();
  const [asking, setAsking] = useState<'status' | 'remove'>();
  const change = useChangeUser(user.id);
  const remove = useRemoveUser(user.id);
  const self = me.user?.id === user.id;
  const ownReason = self ? 'Your own role and account are changed by another person.' : undefined;
  const why = whyNot ?? ownReason;
  const active = user.status === 'active';
  return (
    <div className="stack">
      <div className="row wrap">
        <Permitted permission="users:write" why={ownReason} onClick={() => setAsking('status')}>
          {active ? 'Disable' : 'Enable'}
        </Permitted>
        <Permitted permission="users:write" why={ownReason} onClick={() => setAsking('remove')}>
          Remove from workspace
        </Permitted>
      </div>
      <Facts
        facts={[
          ['Name', user.name],
          ['E-mail', user.email],
          ['Status', <StatusMark key="status" status={user.status} />],
          ['Joined', <Ago key="joined" time={user.joined_at} />],
          ['Last sign-in', <Ago key="seen" time={user.last_sign_in_at} empty="never" />],
          ['Id', <Id key="id" id={user.id} />],
        ]}
      />
      <Select
        label="Role in this workspace"
        description={why}
        data={roles.data ?? [user.role]}
        value={user.role}
        disabled={why !== undefined || change.isPending}
        allowDeselect={false}
        onChange={(role) => role && role !== user.role && change.mutate({ role })}
      />
      <ProblemText error={change.error} />
      <Projects user={user} why={why} roles={roles.data ?? []} />
      <Link to="/audit" search={{ actor: user.id }}>
        What this person did
      </Link>
      <Confirm
        opened={asking === 'status'}
        onClose={() => setAsking(undefined)}
        title={active ? 'Disable member' : 'Enable member'}
        action={active ? 'Disable member' : 'Enable member'}
        danger={active}
        onConfirm={() => change.mutateAsync({ status: active ? 'disabled' : 'active' })}
      >
        {active
          ? `${user.email} is signed out of this workspace at once and cannot enter it until enabled again.`
          : `${user.email} may enter this workspace again.`}
      </Confirm>
      <Confirm
        opened={asking === 'remove'}
        onClose={() => setAsking(undefined)}
        title="Remove from workspace"
        action="Remove member"
        danger
        typed={user.email}
        onConfirm={async () => {
          await remove.mutateAsync(undefined);
          onGone();
        }}
      >
        The membership ends at once. What the person made stays, with its author's name.
      </Confirm>
    </div>
  );
}

/** Roles in single projects, beside the one in the workspace. */
function Projects({ user, why, roles }: { user: User; why: string | undefined; roles: string[] }) {
  const projects = useQuery(projectsQuery());
  const change = useChangeUser(user.id);
  const [project, setProject] = useState<string | null>(null);
  const [role, setRole] = useState<string | null>(null);
  const given = user.project_roles ?? [];
  const left = (projects.data?.items ?? [])
    .map((one) => one.name)
    .filter((name) => !given.some((one) => one.project === name));
  return (
    <Panel title="Roles in projects">
      <div className="stack">
        {given.length === 0 && <p className="quiet">None beside the role in the workspace.</p>}
        {given.map((one) => (
          <div key={one.project} className="row">
            <span className="grow">
              {one.project}: {one.role}
            </span>
            <ActionIcon
              aria-label={`Take away the role in ${one.project}`}
              disabled={why !== undefined || change.isPending}
              onClick={() => change.mutate({ project_roles: given.filter((other) => other !== one) })}
            >
              <Trash2 size={14} />
            </ActionIcon>
          </div>
        ))}
        <form
          className="row wrap"
          onSubmit={(event) => {
            event.preventDefault();
            if (!project || !role) return;
            change.mutate(
              { project_roles: [...given, { project, role }] },
              {
                onSuccess: () => {
                  setProject(null);
                  setRole(null);
                },
              },
            );
          }}
        >
          <Select
            aria-label="Project"
            placeholder="Project"
            data={left}
            value={project}
            onChange={setProject}
            w={130}
          />
          <Select aria-label="Role" placeholder="Role" data={roles} value={role} onChange={setRole} w={130} />
          <Button
            type="submit"
            disabled={why !== undefined || !project || !role}
            title={why}
            loading={change.isPending}
          >
            Give role
          </Button>
        </form>
        <ProblemText error={change.error} />
      </div>
    </Panel>
  );
}
