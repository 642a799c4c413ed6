// A page that needs a permission, for who lacks it.

import type { ReactNode } from 'react';
import { useMe } from '@/api/session';
import { Page } from '@/components/Page';
import { Contained } from '@/components/Panel';
import { Forbidden } from '@/components/States';

export function Guarded({ permission, title, children }: { permission?: string; title: string; children: ReactNode }) {
  const me = useMe();
  if (me.second_factor?.required && !me.second_factor.enabled && title !== 'Your account') return <NeedsSecondFactor />;
  if (!permission || me.permissions.includes(permission)) return <Contained>{children}</Contained>;
  return (
    <Page title={title}>
      <Forbidden permission={permission} role={me.role} />
    </Page>
  );
}

function NeedsSecondFactor() {
  return (
    <Page title="A second factor is needed">
      <p>
        This workspace is open to members with a second factor only. <a href="/account?tab=security">Set one up</a>; it
        takes an authenticator app and a minute.
      </p>
    </Page>
  );
}
