// All pages, one row each, in the order of the navigation. To add one: a file with a default export in features/<module>/, and
// its row here. Paths of `pages` are below /w/WORKSPACE; `$id` is a parameter (useParams). Icons: lucide-react, by name.

import {
  Boxes,
  ChartColumn,
  CircleGauge,
  Gauge,
  KeyRound,
  Layers,
  ListChecks,
  Lock,
  type LucideIcon,
  MessagesSquare,
  PackageX,
  Play,
  Plug,
  Rss,
  ScrollText,
  Server,
  Settings,
  ShieldAlert,
  ShieldCheck,
  Users,
  WalletCards,
  Waypoints,
  Workflow,
} from 'lucide-react';
import type { ComponentType } from 'react';

export type NavGroup = 'Work' | 'Build' | 'Models' | 'Operate' | 'Govern';
export const navGroups: NavGroup[] = ['Work', 'Build', 'Models', 'Operate', 'Govern'];

export interface PageRow {
  /** "/runs", "/runs/$id". */
  path: string;
  /** What the navigation, the palette and the browser's tab call it. */
  title: string;
  /** A page without `nav` is reached from others: one object, a form. */
  nav?: {
    group: NavGroup;
    icon: LucideIcon;
    /** The key after `g`. */
    key?: string;
    /** Shown in the bottom bar of phones (four at most). */
    bottom?: boolean;
  };
  /** Who lacks it sees no entry, and on the page which role is needed. */
  permission?: string;
  load: () => Promise<{ default: ComponentType }>;
}

export const pages: PageRow[] = [
  {
    path: '/overview',
    title: 'Overview',
    nav: { group: 'Work', icon: CircleGauge, key: 'o', bottom: true },
    permission: 'runs:read',
    load: () => import('./features/overview/OverviewPage'),
  },
  {
    path: '/runs',
    title: 'Runs',
    nav: { group: 'Work', icon: Play, key: 'r', bottom: true },
    permission: 'runs:read',
    load: () => import('./features/runs/RunsPage'),
  },
  {
    path: '/runs/$id',
    title: 'Run',
    permission: 'runs:read',
    load: () => import('./features/runs/run/RunPage'),
  },
  {
    path: '/runs/$id/compare/$other',
    title: 'Compare runs',
    permission: 'runs:read',
    load: () => import('./features/runs/ComparePage'),
  },
  {
    path: '/bulk-actions',
    title: 'Bulk actions',
    nav: { group: 'Operate', icon: ListChecks },
    permission: 'runs:read',
    load: () => import('./features/bulk/BulkActionsPage'),
  },
  {
    path: '/bulk-actions/$id',
    title: 'Bulk action',
    permission: 'runs:read',
    load: () => import('./features/bulk/BulkActionPage'),
  },
  {
    path: '/flows',
    title: 'Flows',
    nav: { group: 'Build', icon: Workflow, key: 'f' },
    permission: 'flows:read',
    load: () => import('./features/flows/FlowsPage'),
  },
  {
    path: '/flows/$id',
    title: 'Flow',
    permission: 'flows:read',
    load: () => import('./features/flows/FlowPage'),
  },
  {
    path: '/playground',
    title: 'Playground',
    nav: { group: 'Models', icon: MessagesSquare, key: 't' },
    permission: 'models:call',
    load: () => import('./features/playground/PlaygroundPage'),
  },
  {
    path: '/providers',
    title: 'Providers',
    nav: { group: 'Models', icon: Plug },
    permission: 'providers:read',
    load: () => import('./features/providers/ProvidersPage'),
  },
  {
    path: '/models',
    title: 'Models',
    nav: { group: 'Models', icon: Boxes, key: 'm' },
    permission: 'providers:read',
    load: () => import('./features/models/ModelsPage'),
  },
  {
    path: '/model-routes',
    title: 'Model routes',
    nav: { group: 'Models', icon: Waypoints },
    permission: 'providers:read',
    load: () => import('./features/model_routes/ModelRoutesPage'),
  },
  {
    path: '/model-limits',
    title: 'Model limits',
    nav: { group: 'Models', icon: Gauge },
    permission: 'budgets:read',
    load: () => import('./features/model_limits/ModelLimitsPage'),
  },
  {
    path: '/guardrails',
    title: 'Guardrails',
    nav: { group: 'Models', icon: ShieldAlert },
    permission: 'providers:read',
    load: () => import('./features/guardrails/GuardrailsPage'),
  },
  {
    path: '/queues',
    title: 'Queues',
    nav: { group: 'Operate', icon: Layers, key: 'q' },
    permission: 'runs:read',
    load: () => import('./features/queues/QueuesPage'),
  },
  {
    path: '/queues/$name',
    title: 'Queue',
    permission: 'runs:read',
    load: () => import('./features/queues/QueuePage'),
  },
  {
    path: '/dead-letters',
    title: 'Dead letters',
    nav: { group: 'Operate', icon: PackageX, key: 'd' },
    permission: 'runs:read',
    load: () => import('./features/dead_letters/DeadLettersPage'),
  },
  {
    path: '/events',
    title: 'Events',
    nav: { group: 'Operate', icon: Rss, key: 'e' },
    permission: 'events:read',
    load: () => import('./features/events/EventsPage'),
  },
  {
    path: '/system',
    title: 'System',
    nav: { group: 'Operate', icon: Server, key: 'y' },
    permission: 'system:read',
    load: () => import('./features/system/SystemPage'),
  },
  {
    path: '/budgets',
    title: 'Budgets',
    nav: { group: 'Govern', icon: WalletCards, key: 'b' },
    permission: 'budgets:read',
    load: () => import('./features/budgets/BudgetsPage'),
  },
  {
    path: '/spend',
    title: 'Spend',
    nav: { group: 'Govern', icon: ChartColumn, key: '$' },
    permission: 'spend:read',
    load: () => import('./features/spend/SpendPage'),
  },
  {
    path: '/people',
    title: 'People',
    nav: { group: 'Govern', icon: Users, key: 'p' },
    permission: 'users:read',
    load: () => import('./features/people/PeoplePage'),
  },
  {
    path: '/roles',
    title: 'Roles',
    nav: { group: 'Govern', icon: ShieldCheck },
    permission: 'roles:read',
    load: () => import('./features/roles/RolesPage'),
  },
  {
    path: '/api-keys',
    title: 'API keys',
    nav: { group: 'Govern', icon: KeyRound, key: 'k' },
    permission: 'api-keys:read',
    load: () => import('./features/api_keys/ApiKeysPage'),
  },
  {
    path: '/secrets',
    title: 'Secrets',
    nav: { group: 'Govern', icon: Lock },
    permission: 'secrets:read',
    load: () => import('./features/secrets/SecretsPage'),
  },
  {
    path: '/audit',
    title: 'Audit',
    nav: { group: 'Govern', icon: ScrollText, key: 'l' },
    permission: 'audit:read',
    load: () => import('./features/audit/AuditPage'),
  },
  {
    path: '/settings',
    title: 'Settings',
    nav: { group: 'Govern', icon: Settings },
    permission: 'workspaces:read',
    load: () => import('./features/settings/SettingsPage'),
  },
];

/** Inside of the shell, but of no workspace. */
export const globalPages: PageRow[] = [
  { path: '/account', title: 'Your account', load: () => import('./features/account/AccountPage') },
];

/** For who is not signed in. */
export const openPages: PageRow[] = [
  { path: '/login', title: 'Sign in', load: () => import('./features/entry/LoginPage') },
  { path: '/setup', title: 'Set up Sluice', load: () => import('./features/entry/SetupPage') },
  { path: '/invite', title: 'Invitation', load: () => import('./features/entry/InvitePage') },
  { path: '/reset', title: 'New password', load: () => import('./features/entry/ResetPage') },
];
