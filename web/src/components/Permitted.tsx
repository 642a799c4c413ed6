// A button for who may: off, with the reason as its tooltip, for everybody else.
//
//   <Permitted permission="secrets:write" icon={Plus} onClick={…}>Create secret</Permitted>

import { Button, type ButtonProps } from '@mantine/core';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useWhyNot } from '@/api/session';

export interface PermittedProps extends ButtonProps {
  permission: string;
  icon?: LucideIcon;
  /** Another reason why it is off; that of the permission comes first. */
  why?: string;
  onClick: () => void;
  children: ReactNode;
}

export function Permitted({ permission, icon: Icon, why, disabled, ...rest }: PermittedProps) {
  const reason = useWhyNot(permission) ?? why;
  return (
    <Button
      leftSection={Icon && <Icon size={14} aria-hidden />}
      {...rest}
      disabled={disabled || reason !== undefined}
      title={reason}
    />
  );
}
