// One's own account: password, second factor, where one is signed in.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data } from '@/api/client';

export function useSessions() {
  return useQuery({
    queryKey: ['auth', 'sessions'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/auth/sessions', { signal })),
  });
}

export function useEndSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.DELETE('/api/v1/auth/sessions/{id}', { params: { path: { id } } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['auth', 'sessions'] }),
  });
}

export function useEndOtherSessions() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.DELETE('/api/v1/auth/sessions'),
    onSuccess: () => client.invalidateQueries({ queryKey: ['auth', 'sessions'] }),
  });
}

export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { password: string; new_password: string }) => api.POST('/api/v1/auth/password', { body }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['auth'] }),
  });
}

export function useSecondFactor() {
  return useQuery({
    queryKey: ['auth', 'totp'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/auth/totp', { signal })),
  });
}

/** The secret is shown once and goes nowhere else. */
export function useBeginSecondFactor() {
  return useMutation({ mutationFn: () => data(api.POST('/api/v1/auth/totp')), gcTime: 0 });
}

export function useConfirmSecondFactor() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (code: string) => data(api.POST('/api/v1/auth/totp/confirm', { body: { code } })),
    gcTime: 0,
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['auth', 'totp'] }),
        client.invalidateQueries({ queryKey: ['me'] }),
      ]),
  });
}

export function useEndSecondFactor() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { password?: string; otp: string }) => api.POST('/api/v1/auth/totp/disable', { body }),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['auth', 'totp'] }),
        client.invalidateQueries({ queryKey: ['me'] }),
      ]),
  });
}

export function useNewRecoveryCodes() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => data(api.POST('/api/v1/auth/totp/recovery-codes')),
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: ['auth', 'totp'] }),
  });
}
