// An edge: its condition or port as a label; error and rollback edges dashed; the branch that a run took in ink.
import { BaseEdge, type Edge, type EdgeProps, getBezierPath, useStore as useFlowStore } from '@xyflow/react';
import { memo } from 'react';
import { useStore } from 'zustand';
import classes from './Canvas.module.css';
import { useParts } from './context';
import { isFar } from './FlowNodeCard';

export interface LineData extends Record<string, unknown> {
  kind: 'success' | 'error' | 'rollback';
  label: string;
  mark: 'error' | 'warning' | undefined;
}
export type LineEdge = Edge<LineData, 'line'>;

const MOST = 32;

export const FlowEdgeLine = memo(function FlowEdgeLine(props: EdgeProps<LineEdge>) {
  const { live } = useParts();
  const { data, source, target } = props;
  const far = useFlowStore(isFar);
  const taken = useStore(live.store, (state) => {
    const [from, to] = [state.statuses.get(source)?.status, state.statuses.get(target)?.status];
    if (!from || !to || to === 'skipped' || to === 'pending' || to === 'ready') return false;
    return data?.kind === 'success' ? from === 'succeeded' : from === 'failed' || from === 'timed_out';
  });
  const [path, x, y] = getBezierPath(props);
  const text = data?.label ?? '';
  const label = text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
  const mark = data?.mark ?? (props.selected ? 'selected' : taken ? 'taken' : undefined);
  return (
    <g className={classes.line} data-kind={data?.kind} data-mark={mark}>
      <BaseEdge
        id={props.id}
        path={path}
        interactionWidth={18}
        markerEnd={far ? undefined : props.markerEnd}
        label={far || !label ? undefined : label}
        labelX={x}
        labelY={y}
        labelBgPadding={[6, 3]}
        labelBgBorderRadius={4}
      />
    </g>
  );
});
