// What each role may, side by side; the workspace's own roles made, changed, deleted.

import { Checkbox, TextInput } from '@mantine/core';
import { Check, Plus } from 'lucide-react';
import { useState } from 'react';
import { useMe } from '@/api/session';
import { Confirm } from '@/components/Confirm';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { Loaded } from '@/components/States';
import { matrixOf } from './matrix';
import { type Role, useCreateRole, useDeleteRole, useEditRole, useRoles } from './queries';
import classes from './roles.module.css';

export default function RolesPage() {
  const roles = useRoles();
  const [editing, setEditing] = useState<Role | 'new'>();
  const [deleting, setDeleting] = useState<Role>();
  const remove = useDeleteRole();
  return (
    <Page
      title="Roles"
      ready={!roles.isPending}
      actions={
        <Permitted permission="roles:write" icon={Plus} onClick={() => setEditing('new')}>
          Create role
        </Permitted>
      }
    >
      <Loaded query={roles} what="The list of roles">
        {(all) => (
          <>
            <OwnRoles roles={all.filter((role) => !role.built_in)} onEdit={setEditing} onDelete={setDeleting} />
            <Matrix roles={all} />
            <RoleForm
              key={editing === 'new' ? 'new' : editing?.name}
              role={editing === 'new' ? undefined : editing}
              opened={editing !== undefined}
              onClose={() => setEditing(undefined)}
              roles={all}
            />
          </>
        )}
      </Loaded>
      <Confirm
        opened={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        title="Delete role"
        action="Delete role"
        danger
        typed={deleting?.name}
        onConfirm={() => remove.mutateAsync(deleting?.id ?? '')}
      >
        It is refused while a member or a key has this role.
      </Confirm>
    </Page>
  );
}

function OwnRoles(props: { roles: Role[]; onEdit: (role: Role) => void; onDelete: (role: Role) => void }) {
  const { roles, onEdit, onDelete } = props;
  return (
    <Panel title="This workspace's own">
      {roles.length === 0 ? (
        <p className="quiet">None: the built-in roles below are all there are.</p>
      ) : (
        <ul className={classes.own}>
          {roles.map((role) => (
            <li key={role.name}>
              <div className="grow">
                <strong>{role.name}</strong> <span className="quiet">{role.description}</span>
              </div>
              <Permitted permission="roles:write" onClick={() => onEdit(role)}>
                Edit
              </Permitted>
              <Permitted permission="roles:write" onClick={() => onDelete(role)}>
                Delete
              </Permitted>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Matrix({ roles }: { roles: Role[] }) {
  const rows = matrixOf(roles);
  return (
    <Panel title="What each role may" flush>
      <div className={classes.scroll} tabIndex={0} role="region" aria-label="Permissions by role">
        <table className={classes.matrix}>
          <thead>
            <tr>
              <th scope="col">Permission</th>
              {roles.map((role) => (
                <th key={role.name} scope="col" title={role.description}>
                  {role.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.flatMap((row) =>
              row.verbs.map((verb) => {
                const permission = `${row.object}:${verb}`;
                return (
                  <tr key={permission}>
                    <th scope="row" className="mono">
                      {permission}
                    </th>
                    {roles.map((role) => {
                      const may = role.permissions?.includes(permission);
                      return (
                        <td key={role.name}>
                          {may ? <Check size={14} aria-label="yes" /> : <span aria-label="no" role="img" />}
                        </td>
                      );
                    })}
                  </tr>
                );
              }),
            )}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function RoleForm(props: { role?: Role; opened: boolean; onClose: () => void; roles: Role[] }) {
  const { role, opened, onClose, roles } = props;
  const me = useMe();
  const create = useCreateRole();
  const edit = useEditRole();
  const [name, setName] = useState('');
  const [description, setDescription] = useState(role?.description ?? '');
  const [chosen, setChosen] = useState<string[]>(role?.permissions ?? []);
  const nameWrong = name !== '' && !/^[a-z0-9._-]{1,63}$/.test(name);
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={role ? `Role ${role.name}` : 'Create role'}
      action={role ? 'Save role' : 'Create role'}
      disabled={(!role && (name === '' || nameWrong)) || chosen.length === 0}
      onConfirm={() =>
        role
          ? edit.mutateAsync({ id: role.id ?? '', body: { description, permissions: chosen } })
          : create.mutateAsync({ name, description, permissions: chosen })
      }
    >
      <div className="stack">
        {!role && (
          <TextInput
            label="Name"
            value={name}
            error={nameWrong && "Lower-case letters, digits, '-', '_' and '.'"}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            data-autofocus
          />
        )}
        <TextInput
          label="About"
          value={description}
          maxLength={500}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <Checkbox.Group
          label="Permissions"
          description="You can give only what you have"
          value={chosen}
          onChange={setChosen}
        >
          <div className={classes.permissions}>
            {matrixOf(roles).flatMap((row) =>
              row.verbs.map((verb) => {
                const permission = `${row.object}:${verb}`;
                const mine = me.permissions.includes(permission) || chosen.includes(permission);
                return <Checkbox key={permission} value={permission} label={permission} disabled={!mine} />;
              }),
            )}
          </div>
        </Checkbox.Group>
      </div>
    </Confirm>
  );
}
