import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { JsonView } from '@/components/data/JsonView';
import { Link } from '@/components/Link';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Loaded } from '@/components/States';
import { flowQuery } from './queries';

export default function FlowPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const flow = useQuery(flowQuery(id));
  return (
    <Page title={flow.data?.data.name ?? 'Flow'} above={<Link to="/flows">Flows</Link>} ready={!flow.isPending}>
      <Panel>
        <Loaded query={flow} what="The flow">
          {({ data }) => <JsonView label="Document" value={data.document as never} />}
        </Loaded>
      </Panel>
    </Page>
  );
}
