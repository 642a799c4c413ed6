// The audit trail, and whether its chain is whole.

import { useMutation } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';

export type AuditEntry = Schemas['AuditEntry'];
export const outcomes = ['done', 'denied', 'failed'] as const;

export interface AuditFilter {
  actor?: string;
  action?: string;
  target?: string;
  outcome?: string;
  since?: string;
  until?: string;
}

export function useAudit(filter: AuditFilter) {
  return useCursorList<AuditEntry>(['audit', filter], ({ cursor, signal }) =>
    data(api.GET('/api/v1/audit', { params: { query: { ...filter, limit: 50, cursor } }, signal })),
  );
}

export const useVerify = () => useMutation({ mutationFn: () => data(api.POST('/api/v1/audit/verify', {})) });
