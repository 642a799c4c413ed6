// Icons and short texts of node types.
import {
  BellRing,
  Bot,
  Box,
  Braces,
  Clock,
  FileInput,
  FileOutput,
  FileSpreadsheet,
  FileText,
  Filter,
  FunctionSquare,
  Globe,
  Layers,
  LogIn,
  type LucideIcon,
  Merge,
  OctagonX,
  PencilLine,
  Repeat,
  Reply,
  ShieldCheck,
  Sigma,
  Split,
  Workflow,
} from 'lucide-react';
import type { FlowNode } from '@/components/data/flow';

const ICONS: Record<string, LucideIcon> = {
  aggregate: Sigma,
  'csv.parse': FileSpreadsheet,
  'csv.write': FileSpreadsheet,
  fail: OctagonX,
  'file.read': FileInput,
  'file.write': FileOutput,
  filter: Filter,
  'http.request': Globe,
  input: LogIn,
  'json.validate': ShieldCheck,
  'llm.chat': Bot,
  loop: Repeat,
  map: Layers,
  'markdown.render': FileText,
  merge: Merge,
  respond: Reply,
  set: PencilLine,
  subflow: Workflow,
  switch: Split,
  transform: FunctionSquare,
  wait: Clock,
  'wait.signal': BellRing,
};
const BY_CATEGORY: Record<string, LucideIcon> = { Models: Bot, Network: Globe, Files: FileText, Data: Braces };

export function iconOf(type: string, category?: string): LucideIcon {
  return ICONS[type] ?? BY_CATEGORY[category ?? ''] ?? Box;
}

/** What stands on a node's second line: what tells it from others of its type. */
export function detailOf(node: FlowNode, title?: string): string {
  const config = node.config ?? {};
  const short = (value: unknown) => (typeof value === 'string' && value.length <= 60 ? value : undefined);
  switch (node.type) {
    case 'llm.chat':
      return short(config.model) ?? 'default model';
    case 'http.request':
      return [short(config.method) ?? 'GET', short(config.url)?.replace(/^https?:\/\//, '')].filter(Boolean).join(' ');
    case 'subflow':
      return short(config.flow) ?? 'flow';
    case 'wait':
      return short(config.for) ?? short(config.until) ?? 'Wait';
    case 'wait.signal':
      return `signal ${short(config.name) ?? ''}`;
    default:
      return title ?? node.type;
  }
}
