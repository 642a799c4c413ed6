// A node on the canvas, 200 x 58: state edge, icon and title, a second line. No buttons inside. From far away it is a plain block.
import { Handle, type Node, type NodeProps, Position, type ReactFlowState, useStore } from '@xyflow/react';
import { CircleAlert, Pin, TriangleAlert } from 'lucide-react';
import { memo } from 'react';
import type { Port } from '@/components/data/graph';
import { stateColour } from '@/components/StatusMark';
import { formatDuration, formatMoney, formatWord } from '@/lib/format';
import classes from './Canvas.module.css';
import { useParts } from './context';
import { portY } from './geometry';
import { useNodeStatus } from './live';
import { iconOf } from './look';

export interface CardData extends Record<string, unknown> {
  title: string;
  type: string;
  category: string;
  detail: string;
  ports: Port[];
  inner: number | undefined;
  mark: 'error' | 'warning' | undefined;
  pinned: boolean;
}
export type CardNode = Node<CardData, 'card'>;

const FAR = 0.45;
export const isFar = (state: ReactFlowState) => state.transform[2] < FAR;

export const FlowNodeCard = memo(function FlowNodeCard({ id, data, selected }: NodeProps<CardNode>) {
  const { live } = useParts();
  const status = useNodeStatus(live, id);
  const far = useStore(isFar);
  const colour = status ? `var(--state-${stateColour(status.status)})` : 'var(--control-line)';
  if (far) {
    return (
      <div
        className={classes.block}
        data-selected={selected || undefined}
        style={{ background: data.mark === 'error' ? 'var(--state-failed)' : colour }}
      >
        <FarHandles ports={data.ports} />
      </div>
    );
  }
  const Icon = iconOf(data.type, data.category);
  const facts = [
    status && formatWord(status.status),
    status && status.count > 1 ? `${status.done}/${status.count}` : undefined,
    status?.took !== undefined ? formatDuration(status.took) : undefined,
    status?.cost && Number(status.cost) > 0 ? formatMoney(status.cost) : undefined,
  ].filter(Boolean);
  const bare = data.ports.length === 1 && data.ports[0]!.name === '';
  return (
    <div
      className={classes.card}
      data-selected={selected || undefined}
      data-stacked={data.inner !== undefined || undefined}
    >
      <span className={classes.edge} style={{ background: colour }} />
      <Handle type="target" position={Position.Left} className={classes.handle} />
      <div className={classes.head}>
        <Icon size={16} strokeWidth={1.75} aria-hidden />
        <span className={classes.title}>{data.title}</span>
        {data.pinned && <Pin size={13} strokeWidth={2} aria-label="output pinned" role="img" className={classes.pin} />}
        {data.mark === 'error' && (
          <CircleAlert size={14} aria-label="has mistakes" role="img" className={classes.wrong} />
        )}
        {data.mark === 'warning' && (
          <TriangleAlert size={14} aria-label="has warnings" role="img" className={classes.doubtful} />
        )}
      </div>
      <div className={classes.detail}>
        {facts.length > 0 ? facts.join(' · ') : data.detail}
        {data.inner !== undefined && facts.length === 0 && ` · ${data.inner} inside`}
      </div>
      {data.ports.map((port, index) => (
        <Handle
          key={port.name}
          id={port.name || 'out'}
          type="source"
          position={Position.Right}
          className={classes.handle}
          style={{ top: portY(index, data.ports.length) }}
        >
          {!bare && <span className={classes.port}>{port.title}</span>}
        </Handle>
      ))}
      <Handle id="error!" type="source" position={Position.Bottom} className={classes.errorHandle} />
    </div>
  );
});

// React Flow looks for these to know where edges end; from far away nothing can be connected.
function FarHandles({ ports }: { ports: Port[] }) {
  return (
    <>
      <i className={`target ${classes.farIn}`} data-handlepos="left" />
      {ports.map((port, index) => (
        <i
          key={port.name}
          className={`source ${classes.farOut}`}
          data-handleid={port.name || 'out'}
          data-handlepos="right"
          style={{ top: portY(index, ports.length) }}
        />
      ))}
      <i className={`source ${classes.farError}`} data-handleid="error!" data-handlepos="bottom" />
    </>
  );
}
